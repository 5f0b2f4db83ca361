// One pass over the nodes in their order; a tensor's writer is known before its readers are looked at.
#include <algorithm>
#include <set>

#include "spec/verify.h"
#include "spec/view_bytes.h"

namespace heat::spec {
namespace {

class DataFlowVerifier {
 public:
  DataFlowVerifier(const Schedule& s, base::Problems& problems)
      : w_(s.workload),
        p_(s.plan),
        file_(s.file),
        problems_(problems),
        writer_(w_.tensors.size()),
        group_(w_.nodes.size()) {}

  void verify() {
    if (w_.nodes.empty()) problems_.add(file_, "the schedule is empty: it has no nodes");
    for (GroupId g : p_.groups.ids())
      for (const PlannedNode& n : p_.groups[g].nodes) group_[n.node] = g;
    for (NodeId n : w_.nodes.ids()) {
      for (const TensorView* view : w_.nodes[n].reads()) verify_read(n, *view);
      verify_write(n);
    }
    verify_outputs();
    for (const FusedGroup& g : p_.groups) verify_residents(g);
  }

 private:
  std::string place(const Node& n) const { return file_ + ": node '" + n.name + "'"; }
  std::string place(const FusedGroup& g) const { return file_ + ": group '" + g.name + "'"; }
  const std::string& name(TensorId t) const { return w_.tensors[t].name; }

  void verify_outputs() {
    bool any = false;
    for (TensorId t : w_.tensors.ids()) {
      if (w_.tensors[t].kind != TensorKind::kOutput) continue;
      any = true;
      if (!writer_[t]) problems_.add(file_ + ": tensor '" + name(t) + "'", "is an output that no node writes");
    }
    if (!any && !w_.nodes.empty())
      problems_.add(file_, "no tensor is of kind 'output': nothing of what the nodes compute is asked for");
  }

  void verify_write(NodeId n) {
    const Node& node = w_.nodes[n];
    const TensorView& view = node.writes();
    if (writer_[view.tensor])
      problems_.add(place(node), "writes tensor '" + name(view.tensor) + "', which node '" +
                                     w_.nodes[writer_[view.tensor]].name + "' wrote before");
    writer_[view.tensor] = n;
    if (const auto fault = coverage_fault(view, w_.tensors[view.tensor].bytes())) {
      problems_.add(place(node),
                    "output: does not write every byte of tensor '" + name(view.tensor) + "' once: " + *fault);
      return;
    }
    whole_.insert(view.tensor);
  }

  // Values of which indices tell apart what chiplets and steps of a group do. A node that holds none of them in what it
  // writes does not exist: its bound index is in its output.
  static std::vector<Index> dividing_indices(const FusedGroup& g) { return {g.index}; }

  // A tensor that the group itself made (whole: else there is a problem already) is read where it was written.
  void verify_read(NodeId n, const TensorView& view) {
    const NodeId writer = writer_[view.tensor];
    if (!writer || !group_[n] || group_[writer] != group_[n] || !whole_.count(view.tensor)) return;
    const FusedGroup& group = p_.groups[group_[n]];
    for (const Index& index : dividing_indices(group)) verify_part(n, writer, group, view, index);
  }

  void verify_part(NodeId n, NodeId writer, const FusedGroup& group, const TensorView& view, const Index& index) {
    const TensorView& written = w_.nodes[writer].writes();
    const ViewDim *there = dim_of(written, index), *here = dim_of(view, index);
    if (!there || there->size == 1) return;
    const std::string what = "reads tensor '" + name(view.tensor) + "', which node '" + w_.nodes[writer].name +
                             "' of the same group '" + group.name + "' writes divided by index '" + index + "' (" +
                             std::to_string(there->size) + " values over chiplets and steps), ";
    if (!here || here->size != there->size || here->inner != there->inner) {
      problems_.add(place(w_.nodes[n]), what + "by a view that is not divided by it");
      return;
    }
    if (there->inner > 1) {
      problems_.add(place(w_.nodes[n]), what + "whose two digits lie apart: its parts are no blocks of the tensor");
      return;
    }
    const TensorView read = by_digits(view);
    if (const auto stray = stray_element(by_digits(written), read, index))
      problems_.add(place(w_.nodes[n]), what + "across its values: " + text_of(*stray, read, index));
  }

  static std::string text_of(const StrayElement& stray, const TensorView& view, const Index& index) {
    std::string at;
    for (std::size_t d = 0; d < view.dims.size(); ++d)
      if (stray.values[d] != 0 || view.dims[d].index == index)
        at += (at.empty() ? "" : ", ") + view.dims[d].index + " = " + std::to_string(stray.values[d]);
    return "at " + at + " it reads byte " + std::to_string(stray.byte) + ", written at " + index + " = " +
           std::to_string(stray.writer);
  }

  void verify_residents(const FusedGroup& g) {
    std::set<TensorId> listed;
    for (const auto* list : {&g.in_global_buffer, &g.pinned})
      for (TensorId t : *list) {
        if (!listed.insert(t).second) problems_.add(place(g), "lists tensor '" + name(t) + "' twice");
      }
    for (TensorId t : listed) verify_division(g, t);
    for (const PlannedNode& n : g.nodes) {
      const TensorId written = w_.nodes[n.node].writes().tensor;
      if (std::find(g.pinned.begin(), g.pinned.end(), written) != g.pinned.end())
        problems_.add(place(w_.nodes[n.node]),
                      "writes tensor '" + name(written) + "', which its group '" + g.name + "' pins: only to read");
    }
  }

  // In the global buffer a tensor stands whole or a step's part of it: what suits one node must suit all.
  void verify_division(const FusedGroup& g, TensorId t) {
    const Node *divided = nullptr, *undivided = nullptr;
    const auto note = [&](const Node& node, const TensorView& view) {
      if (view.tensor == t) (holds_index(view, g.index) ? divided : undivided) = &node;
    };
    for (const PlannedNode& n : g.nodes) {
      const Node& node = w_.nodes[n.node];
      note(node, node.writes());
      for (const TensorView* view : node.reads()) note(node, *view);
      for (TensorId parameter : node.parameters())
        if (parameter == t) undivided = &node;
    }
    const bool made_here = divided && group_of_writer(t) == &g;  // then verify_read says it better
    if (divided && undivided && !made_here)
      problems_.add(place(g), "tensor '" + name(t) + "' is in the global buffer and node '" + divided->name +
                                  "' sees it divided by index '" + g.index + "', node '" + undivided->name +
                                  "' does not");
  }

  const FusedGroup* group_of_writer(TensorId t) const {
    const NodeId n = writer_[t];
    return n && group_[n] ? &p_.groups[group_[n]] : nullptr;
  }

  const Workload& w_;
  const Plan& p_;
  const std::string& file_;
  base::Problems& problems_;
  IdVector<TensorId, NodeId> writer_;  // so far
  IdVector<NodeId, GroupId> group_;    // none: a plan that leaves it out has a problem already
  std::set<TensorId> whole_;           // written, every byte once
};

}  // namespace

void verify_data_flow(const Schedule& schedule, base::Problems& problems) {
  DataFlowVerifier(schedule, problems).verify();
}

}  // namespace heat::spec
