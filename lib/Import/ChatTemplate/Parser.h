// From the words of a template to its tree, as Jinja's parser does it.
#ifndef BITNET_IMPORT_CHATTEMPLATE_PARSER_H
#define BITNET_IMPORT_CHATTEMPLATE_PARSER_H

#include "Names.h"
#include "Tokens.h"
#include "Tree.h"

namespace bitnet::chat {

using NodeResult = llvm::Expected<NodeId>;

/// Blocks in blocks, or values in values, are refused beyond this.
constexpr unsigned kMaxNesting = 100;

/// Jinja's precedences, from the loosest: `a if b else c`, or, and, not,
/// comparisons, + -, ~, * / // %, signs, and what stands behind a value.
class Parser {
public:
  Parser(std::vector<Token> tokens, Tree &tree)
      : tokens(std::move(tokens)), tree(tree) {}

  /// The whole template.
  NodeResult parse();

private:
  // Statements.
  NodeResult parseBody(llvm::ArrayRef<llvm::StringRef> ends);
  NodeResult parseStatement();
  NodeResult parsePrint();
  NodeResult parseIf();
  NodeResult parseFor();
  NodeResult parseSet();
  llvm::Error finishBlock();

  // Values.
  NodeResult parseValue();
  NodeResult parseOr();
  NodeResult parseAnd();
  NodeResult parseNot();
  NodeResult parseComparison();
  NodeResult parseSum();
  NodeResult parseJoin();
  NodeResult parseProduct();
  NodeResult parseSigned(bool withFilters);
  NodeResult parsePrimary();
  NodeResult parseName();
  NodeResult parseList();
  NodeResult parsePostfix(NodeId value);
  NodeResult parseField(NodeId value);
  NodeResult parseSubscript(NodeId value);
  NodeResult parseFilters(NodeId value);
  NodeResult parseFilter(NodeId value);
  NodeResult parseTest(NodeId value);

  // Calls.
  NodeResult parseCall(const Callee &callee, std::vector<NodeId> arguments);
  llvm::Error parseArgument(const Callee &callee,
                            std::vector<NodeId> &arguments);
  llvm::Error addKeyword(const Callee &callee, llvm::StringRef name,
                         std::vector<NodeId> &arguments);
  NodeResult makeCall(const Callee &callee, std::vector<NodeId> arguments);

  const Token &token() const { return tokens[at]; }
  const Token &following() const {
    return tokens[at + 1 < tokens.size() ? at + 1 : at];
  }
  bool isOperator(llvm::StringRef text) const {
    return token().is(Token::Operator, text);
  }
  bool isName(llvm::StringRef text) const {
    return token().is(Token::Name, text);
  }
  /// Moves on if that is what is next.
  bool take(Token::Kind kind, llvm::StringRef text);
  llvm::Error expect(llvm::StringRef text);
  llvm::Error fail(const llvm::Twine &message) const {
    return failAt(token().line, message);
  }

  std::vector<Token> tokens;
  size_t at = 0;
  unsigned nesting = 0; ///< of the recursive calls that a template can deepen
  unsigned loops = 0;
  Tree &tree;
};

/// Counts while it lives.
class Nested {
public:
  explicit Nested(unsigned &count) : count(++count) {}
  ~Nested() { --count; }
  Nested(const Nested &) = delete;
  Nested &operator=(const Nested &) = delete;

private:
  unsigned &count;
};

} // namespace bitnet::chat

#endif // BITNET_IMPORT_CHATTEMPLATE_PARSER_H
