// The commands of a compiled program.

#ifndef BITNET_RUNTIME_COMMANDS_H
#define BITNET_RUNTIME_COMMANDS_H

#include "bitnet/Runtime/Model.h"

namespace bitnet::runtime {

/// What follows the name of the command.
struct Arguments {
  char **items;
  int count;
};

/// Prints inputs and outputs as a table.
Status printSignature(const Model &model);
Status runCommand(const Model &model, Arguments arguments);
Status generateCommand(const Model &model, Arguments arguments);
Status chatCommand(const Model &model, Arguments arguments);
Status benchCommand(const Model &model, Arguments arguments);
Status encodeCommand(const Model &model, Arguments arguments);
Status decodeCommand(const Model &model, Arguments arguments);
Status verifyCommand(const Model &model, Arguments arguments);
Status perplexityCommand(const Model &model, Arguments arguments);

/// The number in `text`, from `low` to `high`; the error names `option`.
Result<int64_t> parseNumber(const char *option, const char *text, int64_t low,
                            int64_t high);

Result<double> parseReal(const char *option, const char *text, double low,
                         double high);

/// The argument after an option, which `index` is moved to.
Result<const char *> optionValue(Arguments arguments, int &index);

/// Milliseconds since some fixed time.
double milliseconds();

/// `text` as a JSON string, with its quotes.
Text jsonString(const char *text);

/// The parts of `a,b,c` as numbers; the error names `option`.
Result<Array<int64_t>> parseNumbers(const char *option, const char *text);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_COMMANDS_H
