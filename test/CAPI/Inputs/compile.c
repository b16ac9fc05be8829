/* Compiles argv[1] to argv[2] with the options that follow, name and value. */
#include "bitnet-c/Compile.h"

#include <stdio.h>

int main(int argc, char **argv) {
  BitNetCompiler *compiler = bitnetCompilerCreate();
  int failed = 0, i;
  for (i = 3; i + 1 < argc && !failed; i += 2)
    failed = bitnetCompilerSet(compiler, argv[i], argv[i + 1]);
  if (!failed)
    failed = bitnetCompilerRun(compiler, argv[1], argv[2]);
  fputs(bitnetCompilerMessages(compiler), stderr);
  bitnetCompilerDestroy(compiler);
  bitnetCompilerDestroy(0);
  return failed;
}
