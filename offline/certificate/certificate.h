// The proof that a mapping of a GEMM is as good as it says: the mapping with its cost, and all of the space in parts,
// each with a lower bound.
//
// In each configuration (gemm_space.h) a list of entries in preorder cuts the box of all mappings up: a cut, the part up
// to it, the part behind it; each of the two a cut again, or a part that is done with. Parts leave no gap, whatever the
// cuts are. docs/mapper.md has the file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "machines/calibration.h"
#include "offline/certificate/choice_box.h"
#include "offline/certificate/gemm_space.h"

namespace heat::offline::certificate {

// Of a box: the part where the choice of `axis` is at most `at`, then the part where it is more.
struct Cut {
  std::size_t axis = 0;
  std::int64_t at = 0;
};
// A part: no mapping of it is better; infinite: none of it is legal. `costed`: every legal one was costed, and this is
// the best of them.
struct Part {
  double least = 0;
  bool costed = false;
};
using Entry = std::variant<Cut, Part>;

struct Proof {
  Configuration configuration;
  std::vector<Entry> entries;
};

struct Certificate {
  nlohmann::json machine;             // machine_json() of it
  machines::Calibration calibration;  // its part of that
  std::string arch;                   // its file
  GemmSize size;
  machines::Objective objective = machines::Objective::kEdp;
  Configuration configuration;
  spec::GemmMapping mapping;
  double cycles = 0, energy_pj = 0;
  double value = 0, lower_bound = 0;  // of the objective, J s, pJ or cycles
  std::vector<Proof> proofs;
  double gap() const { return machines::gap(value, lower_bound); }
};

// A certificate that does not prove what it says. Ends a program with status 1.
class Refused : public base::Error {
 public:
  using Error::Error;
};

// Architecture, energies and calibration of a machine, resolved.
nlohmann::json machine_json(const machines::Machine& machine);

nlohmann::ordered_json to_json(const Certificate& certificate);
// Throws Refused that names key, value and what was expected.
Certificate certificate_from_json(const nlohmann::json& json);

}  // namespace heat::offline::certificate
