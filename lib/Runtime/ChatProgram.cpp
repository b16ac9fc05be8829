// Reads a chat template's table and trusts nothing in it.

#include "ChatProgram.h"
#include "TableReader.h"

using namespace bitnet::runtime;

namespace {

class Reader : TableReader {
public:
  using TableReader::TableReader;

  Result<ChatProgram> run();

private:
  bool isString(TableString string) const {
    return isWithin(string, program.strings);
  }
  bool sections();
  bool areNodesValid() const;
  bool areVariablesValid() const;

  ChatProgram program;
};

} // namespace

bool Reader::sections() {
  const ChatHeader &header = program.header;
  return section(header.strings, program.strings) &&
         section(header.nodes, program.nodes) &&
         section(header.children, program.children) &&
         section(header.variables, program.variables) &&
         section(header.ends, program.ends);
}

bool Reader::areNodesValid() const {
  Array<uint32_t> depths;
  for (uint32_t i = 0; i < program.nodes.count; ++i) {
    const ChatNode &node = program.nodes[i];
    size_t all = program.children.count;
    if (node.op > ChatOp::Outside || !isString(node.text) ||
        node.children.offset > all ||
        node.children.count > all - node.children.offset)
      return false;
    if (node.op == ChatOp::Apply &&
        node.number >= uint32_t(ChatFunction::Count))
      return false;
    uint32_t depth = 0;
    for (uint32_t k = 0; k < node.children.count; ++k) {
      uint32_t child = program.child(node, k);
      if (child >= i)
        return false;
      depth = depths[child] > depth ? depths[child] : depth;
    }
    if (depth == kChatDepth)
      return false;
    depths.push(depth + 1);
  }
  uint32_t root = program.header.root;
  return root == kNone || root < program.nodes.count;
}

bool Reader::areVariablesValid() const {
  for (const ChatVariable &variable : program.variables)
    if (!isString(variable.name) || !isString(variable.text))
      return false;
  return true;
}

Result<ChatProgram> Reader::run() {
  if (size < sizeof(ChatHeader) ||
      reinterpret_cast<uintptr_t>(bytes) % alignof(uint32_t))
    return Status::error("the chat template's table has no header");
  std::memcpy(&program.header, bytes, sizeof(ChatHeader));
  if (std::memcmp(program.header.magic, kChatMagic, sizeof(kChatMagic)) ||
      program.header.version != kChatVersion)
    return Status::error("the chat template's table is of another version");
  if (program.header.size != size || !sections() || !areNodesValid() ||
      !areVariablesValid())
    return Status::error("the chat template's table is damaged");
  return std::move(program);
}

Result<ChatProgram> ChatProgram::read(const void *table, size_t size) {
  return Reader(table, size).run();
}
