// What the readers of a workload and of a plan have in common. Inside this room only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "spec/mapping.h"
#include "spec/plan.h"
#include "spec/workload.h"

namespace heat::spec {

constexpr std::int64_t kMaxExtent = std::int64_t{1} << 32;

// Names of a file's tensors or nodes, to the ids that they got.
template <class Key>
class Names {
 public:
  explicit Names(const char* what) : what_(what) {}

  // Adds the name at `key`, a problem when it is there already.
  void add(base::ConfigReader& r, const std::string& key, const std::string& name, Key id) {
    if (!ids_.emplace(name, id).second)
      r.problems().add(r.place(key), std::string(what_) + " '" + name + "' is defined twice");
  }
  // An empty id and a problem for a name that there is not.
  Key find(base::ConfigReader& r, const std::string& key, const std::string& name) const {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    if (!name.empty() || r.has(key))
      r.problems().add(r.place(key), std::string("no ") + what_ + " named '" + name + "'");
    return Key();
  }
  Key read(base::ConfigReader& r, const std::string& key) const { return find(r, key, r.text(key)); }
  std::vector<Key> read_list(base::ConfigReader& r, const std::string& key) const {
    std::vector<Key> ids;
    for (const std::string& name : r.texts(key)) ids.push_back(find(r, key, name));
    return ids;
  }

 private:
  const char* what_;
  std::map<std::string, Key> ids_;
};

struct WorkloadNames {
  Names<TensorId> tensors{"tensor"};
  Names<NodeId> nodes{"node"};
};

inline Extents read_extents(base::ConfigReader r) {
  Extents e;
  for (LoopDim d : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK})
    e[d] = r.integer(loop_dim_name(d), {1, kMaxExtent});
  return e;
}

// Problems go to the readers.
Workload read_workload(base::ConfigReader r, WorkloadNames& names);
Plan read_plan(base::ConfigReader r, const Workload& workload, const WorkloadNames& names);

}  // namespace heat::spec
