// A certificate that was changed is refused, whatever was changed.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "base/atomic_file.h"
#include "base/json_file.h"
#include "machines/simba/machine.h"
#include "offline/certificate/certify.h"
#include "offline/certificate/check.h"
#include "tests/machines/simba/machines.h"

namespace heat::offline::certificate {
namespace {

using nlohmann::json;

class TamperedCertificate : public testing::Test {
 protected:
  TamperedCertificate()
      : arch_(machines::simba::tiny()), energy_(machines::simba::energy_of(arch_)), machine_(arch_, energy_) {
    arch_.file = "tiny.yaml";
    original_ = to_json(certify({12, 20, 9, 1}, machines::Objective::kEdp, {}, machine_, {0.05, 6000}));
  }

  // What the checker says; empty: it confirms.
  std::string verdict(const json& certificate) const {
    try {
      check(certificate_from_json(certificate), machine_);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "";
  }
  void expect_refused(const std::string& what, const std::function<void(json&)>& change) {
    json changed = original_;
    change(changed);
    ASSERT_NE(changed, original_) << what;
    EXPECT_NE(verdict(changed), "") << what;
    ++refused_;
  }
  // Entries of the proof that are bounds of parts with mappings.
  std::vector<json::json_pointer> bounds() const {
    std::vector<json::json_pointer> list;
    for (std::size_t p = 0; p < original_["proof"].size(); ++p)
      for (std::size_t i = 0; i < original_["proof"][p]["subspaces"].size(); ++i)
        if (original_["proof"][p]["subspaces"][i].is_number())
          list.emplace_back("/proof/" + std::to_string(p) + "/subspaces/" + std::to_string(i));
    return list;
  }

  spec::ArchSpec arch_;
  const spec::EnergyTable energy_;
  const machines::simba::Machine machine_;
  json original_;
  int refused_ = 0;
};

TEST_F(TamperedCertificate, IsRefusedAHundredTimes) {
  ASSERT_EQ(verdict(original_), "");
  std::mt19937 rng(1);
  const auto parts = bounds();
  ASSERT_GT(parts.size(), 100u);
  const auto any = [&] { return parts[rng() % parts.size()]; };
  for (double factor : {2.0, 1.001, 0.999, 0.5, 0.0, -1.0, 1e300}) {
    const auto at = any();
    expect_refused("bound x " + std::to_string(factor), [&](json& c) { c[at] = c[at].get<double>() * factor; });
    for (const char* key : {"cycles", "energy_pj", "value", "lower_bound"})
      expect_refused(key, [&](json& c) { c[key] = c[key].get<double>() * factor; });
  }
  for (const json& other :
       {json(nullptr), json("x"), json(true), json("none"), json::array(), json{"costed", "none"}, json{"costed", 1},
        json{"pe_tile.q", 1}, json{"pe_tile.m", 0.5}, json{"pe_tile.m", 1000000}}) {
    const auto at = any();
    expect_refused("part " + other.dump(), [&](json& c) { c[at] = other; });
  }
  for (int i = 0; i < 8; ++i) {
    const auto at = any();
    const auto index = static_cast<std::size_t>(std::stoul(at.back()));
    expect_refused("a part left out", [&](json& c) { c[at.parent_pointer()].erase(index); });
    expect_refused("a part twice", [&](json& c) { c[at.parent_pointer()].push_back(c[at]); });
  }
  for (const char* key : {"format", "arch", "machine", "gemm", "objective", "space", "mapping", "cycles", "energy_pj",
                          "value", "lower_bound", "gap", "proof"}) {
    expect_refused(std::string("no ") + key, [&](json& c) { c.erase(key); });
    expect_refused(std::string("no value of ") + key, [&](json& c) { c[key] = nullptr; });
  }
  for (const char* dim : {"b", "m", "n", "k"}) {
    for (const json& size : {json(0), json(-3), json(13), json(1e300), json(std::int64_t{1} << 40), json(2.5)})
      expect_refused("gemm", [&](json& c) { c["gemm"][dim] = size; });
    for (const char* tile : {"gb_tile", "pe_tile", "spatial"})
      expect_refused(tile, [&](json& c) { c["mapping"][tile][dim] = 1 << 30; });
  }
  for (const char* objective : {"energy", "latency", "speed"})
    expect_refused(objective, [&](json& c) { c["objective"] = objective; });
  expect_refused("another GEMM's cost", [&](json& c) {
    const Certificate other = certify({12, 20, 10, 1}, machines::Objective::kEdp, {}, machine_, {0.05, 2000});
    for (const char* key : {"cycles", "energy_pj", "value", "mapping"}) c[key] = json(to_json(other))[key];
  });
  for (const char* value :
       {"/machine/architecture/pe/lanes", "/machine/architecture/global_buffer/bytes",
        "/machine/architecture/noc/link_bytes_per_cycle", "/machine/energy/name", "/machine/calibration/send_factor"})
    expect_refused(value, [&](json& c) { c[json::json_pointer(value)] = 2; });
  expect_refused("a configuration left out", [](json& c) { c["proof"].erase(1); });
  expect_refused("a configuration twice", [](json& c) { c["proof"].push_back(c["proof"][0]); });
  expect_refused("configurations exchanged", [](json& c) { std::swap(c["proof"][0], c["proof"][1]); });
  expect_refused("other pins", [](json& c) { c["proof"][0]["pinned"] = {"output"}; });
  expect_refused("more chiplets", [](json& c) { c["mapping"]["chiplets"] = 3; });
  EXPECT_GE(refused_, 100);
}

TEST_F(TamperedCertificate, SaysWhatIsWrong) {
  const auto says = [&](const char* pointer, const json& value, const std::string& part) {
    json changed = original_;
    changed[json::json_pointer(pointer)] = value;
    const std::string said = verdict(changed);
    EXPECT_NE(said.find(part), std::string::npos) << said;
  };
  says("/machine/architecture/pe/lanes", 8, "machine/architecture/pe/lanes: is 8, 'tiny.yaml' has 4");
  says("/cycles", 7, "cycles: is 7, the mapping costs ");
  says("/mapping/pe_tile/m", 13, "mapping: is not legal: pe_tile is not from 1 to gb_tile");
  says("/gemm/n", "nine", "gemm.n: is \"nine\", expected a whole number");
  says("/proof/0/subspaces", json::array(), "subspaces of bound n, 1 chiplet: end before the whole space is covered");
  says("/value", 1e-300, "lower_bound: is ");
  says("/gap", 0.9, "gap: is 0.9, expected what value and lower_bound leave");
}

// A cut elsewhere leaves no gap, so all that it can do is change bounds.
TEST_F(TamperedCertificate, WhereACutIsMovedThenBoundsNoLongerHoldOrTheProofIsAsGood) {
  std::mt19937 rng(2);
  int moved = 0, refused = 0;
  for (int round = 0; round < 200; ++round) {
    json changed = original_;
    json& entries = changed["proof"][rng() % changed["proof"].size()]["subspaces"];
    json& entry = entries[rng() % entries.size()];
    if (!entry.is_array() || entry[0] == "costed") continue;
    entry[1] = entry[1].get<std::int64_t>() + (rng() % 2 ? 1 : -1);
    ++moved;
    refused += verdict(changed).empty() ? 0 : 1;
  }
  EXPECT_GT(moved, 20);
  EXPECT_GT(refused, moved / 2);
}

TEST_F(TamperedCertificate, WhereItsFileIsCutShortThenItIsNoJson) {
  const std::string path = testing::TempDir() + "short.json", text = original_.dump();
  for (std::size_t part = 0; part < 10; ++part) {
    base::write_file_atomically(path, text.substr(0, text.size() * part / 10));
    EXPECT_THROW(certificate_from_json(base::read_json_file(path)), base::ConfigError);
  }
}

}  // namespace
}  // namespace heat::offline::certificate
