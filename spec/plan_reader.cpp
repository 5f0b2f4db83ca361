// A plan names what it plans: the workload is read before it.
#include <algorithm>

#include "spec/schedule_fields.h"

namespace heat::spec {
namespace {

class PlanReader {
 public:
  PlanReader(base::ConfigReader r, const Workload& workload, const WorkloadNames& names)
      : r_(std::move(r)), w_(workload), names_(names) {}

  Plan read() {
    p_.arch = r_.text("arch");
    p_.prediction = prediction(r_);
    for (auto& g : r_.sections("groups")) group(g);
    for (auto& h : r_.sections("homes")) home(h);
    p_.dram_addresses.assign(w_.tensors.size(), -1);
    base::ConfigReader addresses = r_.section("dram_addresses");
    for (const auto& name : addresses.keys()) {
      const std::int64_t address = addresses.integer(name, {0, std::int64_t{1} << 46});
      if (const TensorId t = names_.tensors.find(addresses, name, name)) p_.dram_addresses[t] = address;
    }
    return std::move(p_);
  }

 private:
  LoopDim loop_dim(const std::string& word) {
    return word == "b" ? LoopDim::kB : word == "m" ? LoopDim::kM : word == "n" ? LoopDim::kN : LoopDim::kK;
  }

  template <std::size_t N>
  void order(base::ConfigReader& r, const std::string& key, std::array<LoopDim, N>& into, const std::string& allowed) {
    const auto words = r.texts(key);
    std::string sorted;
    for (const auto& w : words) sorted += w;
    std::sort(sorted.begin(), sorted.end());
    if (words.size() != N || sorted != allowed) {
      r.problems().add(r.place(key), "expected a permutation of the letters '" + allowed + "'");
      return;
    }
    for (std::size_t i = 0; i < N; ++i) into[i] = loop_dim(words[i]);
  }

  Prediction prediction(base::ConfigReader& parent) {
    Prediction p;
    base::ConfigReader r = parent.section("prediction");
    p.cycles = r.number("cycles", {0, 1e18});
    p.energy_pj = r.number("energy_pj", {0, 1e24});
    base::ConfigReader parts = r.section("energy_by_component_pj");
    for (const auto& key : parts.keys()) p.energy_by_component_pj[key] = parts.number(key, {0, 1e24});
    return p;
  }

  GemmMapping mapping(base::ConfigReader r) {
    GemmMapping m;
    m.gb_tile = read_extents(r.section("gb_tile"));
    order(r, "gb_order", m.gb_order, "bmn");
    m.pe_tile = read_extents(r.section("pe_tile"));
    base::ConfigReader spatial = r.section("spatial");
    m.spatial = {spatial.integer("b", {1, 4096}), spatial.integer("m", {1, 4096}), spatial.integer("n", {1, 4096}),
                 spatial.integer("k", {1, 4096})};
    order(r, "wave_order", m.wave_order, "mn");
    return m;
  }

  PlannedNode planned(base::ConfigReader r) {
    PlannedNode n;
    n.node = names_.nodes.read(r, "node");
    n.bound = loop_dim(r.choice("bound", {"n", "m", "b"}));
    if (n.node && w_.nodes[n.node].gemm) n.mapping = mapping(r.section("mapping"));
    n.prediction = prediction(r);
    return n;
  }

  void group(base::ConfigReader r) {
    FusedGroup g;
    g.name = r.text("name");
    g.index = r.text("index");
    g.extent = r.integer("extent", {1, kMaxExtent});
    g.step = r.integer("step", {1, kMaxExtent});
    g.chiplets = static_cast<int>(r.integer("chiplets", {0, 4096}));
    g.ahead = static_cast<int>(r.integer("ahead", {0, 4096}));
    g.in_global_buffer = names_.tensors.read_list(r, "in_global_buffer");
    g.pinned = names_.tensors.read_list(r, "pinned");
    for (auto& n : r.sections("nodes")) g.nodes.push_back(planned(n));
    g.prediction = prediction(r);
    p_.groups.push_back(std::move(g));
  }

  void home(base::ConfigReader r) {
    Home h;
    h.tensor = names_.tensors.read(r, "tensor");
    h.extent = r.integer("extent", {1, kMaxExtent});
    h.chiplets = static_cast<int>(r.integer("chiplets", {0, 4096}));
    h.address = r.integer("address", {0, std::int64_t{1} << 31});
    if (h.tensor) p_.homes.push_back(h);
  }

  base::ConfigReader r_;
  const Workload& w_;
  const WorkloadNames& names_;
  Plan p_;
};

}  // namespace

Plan read_plan(base::ConfigReader r, const Workload& workload, const WorkloadNames& names) {
  return PlanReader(std::move(r), workload, names).read();
}

}  // namespace heat::spec
