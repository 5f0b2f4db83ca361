// First fit over (bytes of the buffer) x (nodes of the run).
#include "offline/schedule/homes.h"

#include <algorithm>
#include <optional>

namespace heat::offline {
namespace {

// A home takes at most one of so many parts of the limit.
constexpr std::int64_t kPartOfLimit = 3;
// Nodes between the last use of a home and the first of another in the same bytes.
constexpr std::int32_t kApart = 2;

struct Candidate {
  spec::Home home;
  std::int64_t bytes = 0;
  spec::NodeId first, last;  // that use it
  int readers = 0;
  // Transfers saved (the store and every reader's load) for each node that it outlasts.
  double saved() const { return (1.0 + readers) / (last.value - first.value + 1); }
  // Too close to share bytes: a group that fuses the end of one and the beginning of the other would hold both.
  bool meets(const Candidate& other) const {
    return last.value + kApart >= other.first.value && other.last.value + kApart >= first.value;
  }
};

class HomeChooser {
 public:
  HomeChooser(const Network& network, const machines::Machine& machine, const HomeSpace& space)
      : w_(network.workload), machine_(machine), limit_(space.limit), chiplets_(space.chiplets) {}

  std::vector<spec::Home> choose() {
    std::vector<Candidate> candidates = find();
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& x, const Candidate& y) { return x.saved() > y.saved(); });
    for (Candidate& c : candidates) place(c);
    std::stable_sort(placed_.begin(), placed_.end(),
                     [](const Candidate& x, const Candidate& y) { return x.first < y.first; });
    std::vector<spec::Home> homes;
    for (const Candidate& c : placed_) homes.push_back(c.home);
    return homes;
  }

 private:
  // In the order of the nodes that write them.
  std::vector<Candidate> find() const {
    spec::IdVector<spec::TensorId, std::optional<Candidate>> found(w_.tensors.size());
    std::vector<spec::TensorId> order;
    for (spec::NodeId n : w_.nodes.ids()) {
      for (const spec::TensorView* view : w_.nodes[n].reads()) {
        std::optional<Candidate>& c = found[view->tensor];
        if (!c) continue;
        ++c->readers;
        c->last = n;
      }
      const spec::TensorId written = w_.nodes[n].writes().tensor;
      const spec::Tensor& tensor = w_.tensors[written];
      if (tensor.kind != spec::TensorKind::kIntermediate || tensor.shape.empty()) continue;
      Candidate c;
      c.home.tensor = written;
      c.home.extent = tensor.shape.front();
      c.home.chiplets = chiplets_;
      c.bytes = machine_.home_bytes(w_, c.home);
      if (c.bytes > limit_ / kPartOfLimit) continue;
      c.first = c.last = n;
      found[written] = c;
      order.push_back(written);
    }
    std::vector<Candidate> list;
    for (spec::TensorId t : order)
      if (found[t]->readers > 0) list.push_back(*found[t]);
    return list;
  }

  void place(Candidate& c) {
    std::vector<const Candidate*> beside;
    for (const Candidate& p : placed_)
      if (p.meets(c)) beside.push_back(&p);
    std::sort(beside.begin(), beside.end(),
              [](const auto* x, const auto* y) { return x->home.address < y->home.address; });
    std::int64_t address = 0;
    for (const Candidate* p : beside) {
      if (address + c.bytes <= p->home.address) break;
      address = std::max(address, p->home.address + p->bytes);
    }
    if (address + c.bytes > limit_) return;
    c.home.address = address;
    placed_.push_back(c);
  }

  const spec::Workload& w_;
  const machines::Machine& machine_;
  const std::int64_t limit_;
  const int chiplets_;
  std::vector<Candidate> placed_;
};

}  // namespace

std::vector<spec::Home> choose_homes(const Network& network, const machines::Machine& machine, const HomeSpace& space) {
  return HomeChooser(network, machine, space).choose();
}

}  // namespace heat::offline
