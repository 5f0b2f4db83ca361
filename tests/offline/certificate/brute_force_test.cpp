// Certificates of small GEMMs against every mapping there is.
#include "tests/offline/certificate/brute_force.h"

#include <gtest/gtest.h>

#include <random>

#include "machines/simba/machine.h"
#include "offline/certificate/certify.h"
#include "offline/certificate/check.h"
#include "tests/machines/simba/machines.h"

namespace heat::offline::certificate {
namespace {

using machines::Objective;

class Random {
 public:
  explicit Random(unsigned seed) : rng_(seed) {}
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(rng_() % static_cast<std::uint64_t>(high - low + 1));
  }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return list.begin()[pick(0, static_cast<std::int64_t>(list.size()) - 1)];
  }

 private:
  std::mt19937_64 rng_;
};

// Two PEs of two lanes of width two, one or two chiplets; what is scarce differs.
spec::ArchSpec random_arch(Random& random) {
  spec::ArchSpec a = machines::simba::simba_l();
  a.name = "small";
  a.nop.width = static_cast<int>(random.pick(1, 2));
  a.nop.height = 1;
  a.dram_ports.chiplets = {0};
  if (random.pick(0, 1) == 1) a.dram_ports.chiplets = {static_cast<int>(a.nop.width - 1)};
  a.dram_ports.bytes_per_cycle = random.one_of({1.0, 8.0, 64.0});
  a.nop.link_bytes_per_cycle = random.one_of({1.0, 4.0, 100.0});
  a.nop.hop_cycles = static_cast<int>(random.pick(0, 20));
  a.noc.width = 2;
  a.noc.height = 1;
  a.noc.link_bytes_per_cycle = random.one_of({1, 4, 128});
  a.noc.hop_cycles = static_cast<int>(random.pick(0, 10));
  a.pe.lanes = static_cast<int>(random.pick(1, 2));
  a.pe.width = static_cast<int>(random.pick(1, 3));
  a.pe.weight_buffer.capacity = spec::Bytes(random.pick(4, 24));
  a.pe.input_buffer.capacity = spec::Bytes(random.pick(4, 24));
  a.pe.accumulation_buffer.capacity = spec::Bytes(random.pick(16, 64));
  a.pe.weight_registers = static_cast<int>(random.pick(1, 2));
  a.pe.compute_overhead_cycles = static_cast<int>(random.pick(0, 8));
  a.pe.ppu_elements_per_cycle = static_cast<int>(random.pick(1, 4));
  a.global_buffer.word_bytes = random.one_of({1, 4});
  a.global_buffer.capacity = spec::Bytes(random.pick(10, 40) * 4);
  a.global_buffer.read_bytes_per_cycle = random.one_of({1.0, 4.0, 128.0});
  a.controller.command_cycles = random.one_of({0, 1, 20});
  a.controller.queue_depth = static_cast<int>(random.one_of({1, 4, 16}));
  a.dma.setup_cycles = random.one_of({0, 20});
  return a;
}

machines::Calibration random_calibration(Random& random) {
  machines::Calibration c;
  if (random.pick(0, 1) == 0) return c;
  c.dram_bandwidth_factor = random.one_of({0.5, 1.0});
  c.dram_request_cycles = random.one_of({0.0, 0.5, 3.0});
  c.dram_latency_cycles = random.one_of({0.0, 10.0, 60.0});
  c.load_overhead_cycles = random.one_of({0.0, 7.0});
  c.send_factor = random.one_of({0.7, 1.0, 2.0});
  c.compute_factor = random.one_of({0.9, 1.0, 3.0});
  c.wave_overhead_cycles = random.one_of({0.0, 5.0});
  c.command_overhead_cycles = random.one_of({0.0, 9.0});
  c.overlap = random.one_of({0.0, 0.6, 1.0});
  c.node_overhead_cycles = random.one_of({0.0, 30.0});
  c.dynamic_energy_factor = random.one_of({0.5, 1.0, 4.0});
  return c;
}

// Small enough to cost every mapping: one dimension may be longer.
GemmSize random_size(Random& random) {
  GemmSize size{random.pick(1, 3), random.pick(1, 3), random.pick(1, 3), random.pick(0, 7) == 0 ? 2 : 1};
  random.one_of({&size.m, &size.k, &size.n})[0] = random.pick(1, 7);
  return size.m * size.k * size.n * size.b <= 12 ? size : random_size(random);
}

TEST(Certificate, OfRandomGemmsThenNoOptimumIsRefuted) {
  Random random(5);
  std::int64_t mappings = 0, costed = 0;
  for (int round = 0; round < 2000; ++round) {
    const spec::ArchSpec arch = random_arch(random);
    const spec::EnergyTable energy = machines::simba::energy_of(arch);
    const machines::simba::Machine machine(arch, energy, random_calibration(random));
    const GemmSize size = random_size(random);
    const auto objective = static_cast<Objective>(round % 3);
    const auto value = [&](const machines::Cost& c) {
      return machines::objective_value(objective, c.cycles, c.energy_pj, arch);
    };
    const BruteForce all = brute_force(size, machine, value);
    ASSERT_GT(all.mappings, 0);
    mappings += all.mappings;
    const Certificate c = certify(size, objective, {}, machine, {0, 1 << 20});
    const auto what = [&] {
      return "round " + std::to_string(round) + ": " + std::to_string(size.m) + "," + std::to_string(size.k) + "," +
             std::to_string(size.n) + " x " + std::to_string(size.b) + ", " + machines::objective_name(objective);
    };
    ASSERT_LE(c.lower_bound, all.least * (1 + 1e-9)) << what();
    ASSERT_NEAR(c.value, all.least, 1e-9 * all.least) << what();
    ASSERT_LE(c.gap(), 1e-9) << what();
    const Checked checked = check(certificate_from_json(nlohmann::json(to_json(c))), machine);
    costed += checked.costed;
  }
  RecordProperty("mappings", std::to_string(mappings));
  RecordProperty("costed", std::to_string(costed));
}

}  // namespace
}  // namespace heat::offline::certificate
