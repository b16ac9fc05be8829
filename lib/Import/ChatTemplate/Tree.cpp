// See Tree.h.
#include "Tree.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace bitnet::chat;
using namespace bitnet::runtime;

/// A text in the strings' section, which has each of them once.
TableString Tree::intern(StringRef text) {
  auto [entry, isNew] = offsets.try_emplace(text, strings.size());
  if (isNew)
    strings += text;
  return {entry->second, uint32_t(text.size())};
}

NodeId Tree::add(ChatOp op, ArrayRef<NodeId> below, StringRef text,
                 uint32_t number) {
  ChatNode node;
  node.op = op;
  node.number = number;
  node.text = intern(text);
  node.children = {uint32_t(children.size()), uint32_t(below.size())};
  children.insert(children.end(), below.begin(), below.end());
  uint32_t depth = 0;
  for (NodeId child : below)
    depth = std::max(depth, depths[child]);
  depths.push_back(depth + 1);
  nodes.push_back(node);
  return nodes.size() - 1;
}

StringRef Tree::text(NodeId id) const {
  TableString string = nodes[id].text;
  return StringRef(strings).substr(string.offset, string.size);
}

void Tree::addVariable(StringRef name, StringRef text) {
  TableString key = intern(name);
  variables.push_back({key, intern(text)});
}

/// Appends a section.
template <typename T>
static TableSection append(std::string &bytes, ArrayRef<T> elements) {
  bytes.resize(alignTo(bytes.size(), alignof(uint32_t)));
  TableSection section = {uint32_t(bytes.size()), uint32_t(elements.size())};
  bytes.append(reinterpret_cast<const char *>(elements.data()),
               elements.size() * sizeof(T));
  return section;
}

std::string Tree::write(NodeId root) const {
  std::string bytes(sizeof(ChatHeader), '\0');
  ChatHeader header = {};
  llvm::copy(kChatMagic, header.magic);
  header.version = kChatVersion;
  header.root = root;
  header.nodes = append(bytes, ArrayRef(nodes));
  header.children = append(bytes, ArrayRef(children));
  header.variables = append(bytes, ArrayRef(variables));
  header.ends = append(bytes, ArrayRef(ends));
  header.strings = append(bytes, ArrayRef(strings.data(), strings.size()));
  header.size = bytes.size();
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}
