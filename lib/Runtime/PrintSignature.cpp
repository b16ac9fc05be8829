// `model`: what goes in and what comes out.

#include "bitnet/Runtime/Commands.h"

#include <cstdio>

using namespace bitnet::runtime;

static void printPorts(const char *title, const Array<Port> &ports, int width) {
  std::printf("%s\n", title);
  for (const Port &port : ports)
    std::printf("  %-*s  %-4s  %s\n", width, port.name.c_str(),
                nameOf(port.type), port.shapeText().c_str());
}

Status bitnet::runtime::printSignature(const Model &model) {
  const Signature &signature = model.signature;
  size_t width = 0;
  for (const Array<Port> *ports : {&signature.inputs, &signature.outputs})
    for (const Port &port : *ports)
      width = port.name.size() > width ? port.name.size() : width;
  std::printf("%s\n\n", signature.model.c_str());
  printPorts("inputs", signature.inputs, static_cast<int>(width));
  printPorts("outputs", signature.outputs, static_cast<int>(width));
  return Status::success();
}
