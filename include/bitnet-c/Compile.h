/* The compiler from C: link libBitNet.so.
 *
 *   BitNetCompiler *compiler = bitnetCompilerCreate();
 *   bitnetCompilerSet(compiler, "emit", "so");
 *   if (bitnetCompilerRun(compiler, "model.onnx", "model.so"))
 *     fputs(bitnetCompilerMessages(compiler), stderr);
 *   bitnetCompilerDestroy(compiler);
 *
 * A model that was compiled has an interface of its own, in the header beside
 * its library. */
#ifndef BITNET_C_COMPILE_H
#define BITNET_C_COMPILE_H

#ifdef __cplusplus
extern "C" {
#endif

#define BITNET_C_API __attribute__((visibility("default")))

/** Options for compiling, and what was said about it. One thread at a time may
 * use it; of several ones, one compiles while the others wait. */
typedef struct BitNetCompiler BitNetCompiler;

/** One with the options of a `bitnet-compile` without flags. */
BITNET_C_API BitNetCompiler *bitnetCompilerCreate(void);

/** NULL is no error. */
BITNET_C_API void bitnetCompilerDestroy(BitNetCompiler *compiler);

/** Sets an option: a flag of `bitnet-compile` without dashes ("emit", "cpu",
 * "tokenizer", ...) and its value. "dim" adds one more dimension each time.
 * Returns 0, or 1 if there is no such option or it has no such value. */
BITNET_C_API int bitnetCompilerSet(BitNetCompiler *compiler, const char *option,
                                   const char *value);

/** Compiles a file to another, whole or not at all. Returns 0, or 1. */
BITNET_C_API int bitnetCompilerRun(BitNetCompiler *compiler, const char *model,
                                   const char *output);

/** What the last call said, one line for each error or warning; "" if nothing.
 * It stays until the next call. */
BITNET_C_API const char *bitnetCompilerMessages(const BitNetCompiler *compiler);

#ifdef __cplusplus
}
#endif

#endif /* BITNET_C_COMPILE_H */
