// A template as a tree, and as the table that the runtime reads.
#ifndef BITNET_IMPORT_CHATTEMPLATE_TREE_H
#define BITNET_IMPORT_CHATTEMPLATE_TREE_H

#include "bitnet/Runtime/ChatTable.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace bitnet::chat {

using runtime::ChatFunction;
using runtime::ChatOp;

/// A node of the tree being built.
using NodeId = uint32_t;

/// Grows from the leaves to the root.
class Tree {
public:
  NodeId add(ChatOp op, llvm::ArrayRef<NodeId> children = {},
             llvm::StringRef text = {}, uint32_t number = 0);

  const runtime::ChatNode &node(NodeId id) const { return nodes[id]; }
  llvm::StringRef text(NodeId id) const;

  /// How many nodes are on the longest way down from this one.
  uint32_t depth(NodeId id) const { return depths[id]; }

  /// A variable that the template may use.
  void addVariable(llvm::StringRef name, llvm::StringRef text);

  /// An id that ends a turn.
  void addEnd(uint32_t id) { ends.push_back(id); }

  /// The table; without a `root` it's that of a model that has no template.
  std::string write(NodeId root) const;

private:
  runtime::TableString intern(llvm::StringRef text);

  std::vector<runtime::ChatNode> nodes;
  std::vector<NodeId> children;
  std::vector<uint32_t> depths;
  std::vector<runtime::ChatVariable> variables;
  std::vector<uint32_t> ends;
  std::string strings;
  llvm::StringMap<uint32_t> offsets;
};

} // namespace bitnet::chat

#endif // BITNET_IMPORT_CHATTEMPLATE_TREE_H
