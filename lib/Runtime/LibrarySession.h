// What the C interface calls a session.

#ifndef BITNET_LIB_RUNTIME_LIBRARYSESSION_H
#define BITNET_LIB_RUNTIME_LIBRARYSESSION_H

#include "LoadedModel.h"
#include "bitnet/Runtime/Library.h"
#include "bitnet/Runtime/Sampler.h"
#include "bitnet/Runtime/Session.h"

struct bitnet_session {
  /// Keeps the message of what failed.
  int finish(const bitnet::runtime::Status &status, bitnet_code code) {
    error = bitnet::runtime::Text(status.message());
    return status.failed() ? code : BITNET_OK;
  }

  bitnet::runtime::ModelUser user;
  bitnet::runtime::Session session;
  // One for each sequence.
  bitnet::runtime::Array<bitnet::runtime::Sampler> samplers;
  bitnet::runtime::Text error;
};

#endif // BITNET_LIB_RUNTIME_LIBRARYSESSION_H
