// Which groups of a plan signal that they are over, and how many signals others wait for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "machines/simba/gb_layout.h"
#include "spec/schedule.h"

namespace heat::simba {

// A chiplet waits for others where it reads what they made, where it writes bytes of its global buffer that others may
// still read, and where it sends bytes into a global buffer whose chiplet may still use what is there.
class ResultSignals {
 public:
  using GbRange = machines::simba::GbRange;
  // `layouts`: of the groups, in their order. The schedule must outlive this.
  ResultSignals(const spec::Schedule& schedule, const std::vector<machines::simba::GbLayout>& layouts,
                const spec::ArchSpec& arch);
  bool signals(spec::GroupId group) const { return number_.count(group) != 0; }
  // Signals that must have come from every chiplet before a node of `group` reads the tensor; 0 for what is given, and
  // for what the group itself writes.
  std::uint32_t before_reading(spec::TensorId tensor, spec::GroupId group) const;
  // Before a chiplet writes these bytes of its own global buffer for `group`; of what is at home there: for `tensor`.
  std::uint32_t before_writing(const GbRange& place, spec::GroupId group, spec::TensorId tensor = {}) const;
  // Before a chiplet sends what `group` makes of the tensor to its home.
  std::uint32_t before_sending(spec::TensorId tensor, spec::GroupId group) const;

 private:
  struct Use {
    spec::GroupId group;
    spec::TensorId tensor;  // none: tiles, and tensors that the group keeps
    GbRange range;
  };
  void add_uses(spec::GroupId g, const machines::simba::GbLayout& layout, const spec::ArchSpec& arch);
  // The last group before `group` of which `uses` has an overlapping one for another tensor.
  static std::optional<spec::GroupId> last(const std::vector<Use>& uses, const GbRange& range, spec::GroupId group,
                                           spec::TensorId tensor);
  std::uint32_t number(std::optional<spec::GroupId> group) const;

  std::map<spec::TensorId, spec::GroupId> writer_;
  std::vector<Use> local_, remote_;  // of a chiplet's bytes by itself, and by others; in the order of the groups
  std::map<spec::TensorId, GbRange> homes_;
  std::map<spec::GroupId, std::uint32_t> number_;  // of the groups that signal
};

}  // namespace heat::simba
