// Payload extension by which an initiator says on whose behalf it moves data. Optional: without it both ids are
// invalid.
#pragma once

#include <tlm>

#include "spec/ids.h"

namespace heat::dram {

struct Requester : tlm::tlm_extension<Requester> {
  spec::NodeId node;
  spec::TensorId tensor;

  Requester() = default;
  Requester(spec::NodeId n, spec::TensorId t) : node(n), tensor(t) {}
  tlm::tlm_extension_base* clone() const override { return new Requester(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    const auto& o = static_cast<const Requester&>(other);
    node = o.node;
    tensor = o.tensor;
  }
};

}  // namespace heat::dram
