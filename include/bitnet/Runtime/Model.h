// A compiled model that can be run.

#ifndef BITNET_RUNTIME_MODEL_H
#define BITNET_RUNTIME_MODEL_H

#include "bitnet/Runtime/Shapes.h"

namespace bitnet::runtime {

using EntryPoint = void (*)(void *results, void *const *arguments);

struct Model {
  Signature signature;
  EntryPoint entry = nullptr;

  /// A tensor of role "not given" for each input.
  Array<Tensor> noInputs() const;

  /// Checks `inputs` (one per input of the signature, in its order), fills in
  /// those that were not given and can be guessed, and converts integers to the
  /// types the model wants.
  Status complete(Array<Tensor> &inputs) const;

  /// Runs on complete inputs. The outputs are in the order of the signature.
  Result<Array<Tensor>> run(Array<Tensor> &inputs) const;

  /// The same with caches that stay where they are: `storage` has a tensor for
  /// each input of role Cache, with room for more positions than the input has.
  /// The new positions are written behind them; the outputs that are the next
  /// values of caches are "not given". Where the model can, it gives the logits
  /// of the last `logitCount` positions alone.
  Result<Array<Tensor>> step(const Array<Tensor> &inputs,
                             const Array<Tensor> &storage,
                             int64_t logitCount) const;
};

/// The model this program or library was linked with. Unless it is to `run`,
/// no device is opened for it.
Result<Model> linkedModel(bool run = true);

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_MODEL_H
