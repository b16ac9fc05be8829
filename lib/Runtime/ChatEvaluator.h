// Runs a chat template.

#ifndef BITNET_RUNTIME_CHATEVALUATOR_H
#define BITNET_RUNTIME_CHATEVALUATOR_H

#include "ChatFunctions.h"
#include "ChatProgram.h"

namespace bitnet::runtime {

class ChatEvaluator {
public:
  /// Both must outlive the evaluator.
  ChatEvaluator(const ChatProgram &program, ChatValues &values)
      : program(program), values(values) {}

  /// Sets a variable for the template.
  void define(const char *name, const ChatValue *value) {
    assign(ChatText(name), value);
  }

  /// What the whole template prints.
  Result<ChatText> run();

private:
  struct Variable {
    ChatText name;
    const ChatValue *value;
  };

  Status execute(uint32_t index);
  Status executeFor(const ChatNode &node);
  Status executeFields(const ChatNode &node);
  const ChatValue *loopValue(const ChatValue &list, size_t index);
  ChatResult evaluate(uint32_t index);
  ChatResult evaluateLeaf(const ChatNode &node);
  ChatResult evaluateField(const ChatNode &node);
  ChatResult evaluateItem(const ChatNode &node);
  ChatResult evaluateSlice(const ChatNode &node);
  ChatResult evaluateApply(const ChatNode &node);
  ChatResult evaluateLogic(const ChatNode &node);
  ChatResult evaluateBinary(const ChatNode &node);
  ChatResult compute(ChatOp op, const ChatValue &a, const ChatValue &b);

  ChatText textOf(TableString string) const;
  void assign(ChatText name, const ChatValue *value);
  const ChatValue *lookUp(const ChatText &name);

  const ChatProgram &program;
  ChatValues &values;
  ChatText output;
  Array<Variable> variables;
  size_t scope = 0; ///< where the variables of the innermost loop begin
};

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CHATEVALUATOR_H
