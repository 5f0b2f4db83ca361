// One tensor behind the other, in the order of the workload.
#include "offline/schedule/addresses.h"

#include "base/checked.h"
#include "spec/arch_spec.h"

namespace heat::offline {

void assign_addresses(const spec::Workload& workload, spec::Plan& plan) {
  constexpr std::int64_t kAlignment = spec::kDmaBlockBytes;
  plan.dram_addresses.assign(workload.tensors.size(), 0);
  for (const spec::FusedGroup& group : plan.groups)
    for (spec::TensorId t : group.in_global_buffer) plan.dram_addresses[t] = -1;
  for (const spec::Home& home : plan.homes) plan.dram_addresses[home.tensor] = -1;
  std::int64_t next = 0;
  for (bool given : {true, false})
    for (spec::TensorId t : workload.tensors.ids()) {
      if (workload.tensors[t].is_given() != given || plan.dram_addresses[t] < 0) continue;
      plan.dram_addresses[t] = next;
      next += base::ceil_div(workload.tensors[t].bytes(), kAlignment) * kAlignment;
    }
}

}  // namespace heat::offline
