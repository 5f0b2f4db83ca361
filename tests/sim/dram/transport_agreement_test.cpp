// The same requests through the replay, b_transport and nb_transport, delays annotated or not: one command stream. Each
// case is a process of its own (the SystemC kernel elaborates once).
#include <sysc/kernel/sc_spawn.h>

#include "sim/dram/dram.h"
#include "tests/sim/dram/dram_testing.h"
#include "tests/sim/dram/traffic_generator.h"

namespace heat::dram {
namespace {

using sc_core::sc_time;
using testing::Recorder;

struct Request {
  bool write;
  std::uint64_t address;
  std::uint64_t at_ps, early_ps;
};

// Bursts, pauses up to 4 us, conflicts, writes; times grow strictly and lie between the edges of the clock.
std::vector<Request> random_requests(int count, std::uint64_t seed) {
  testing::Random random(seed);
  std::vector<Request> list;
  std::uint64_t at = 5000000;
  for (int i = 0; i < count; ++i) {
    at += 1 + (random.below(50) == 0 ? random.below(4000000) : random.below(3) == 0 ? random.below(9000) : 0);
    const std::uint64_t address = random.below(1 << 7) * 64 + random.below(5) * (std::uint64_t{1} << 18);
    list.push_back({random.below(3) == 0, address, at, random.below(2) == 0 ? random.below(5000000) : 0});
  }
  return list;
}

std::vector<CommandRecord> replayed(const spec::DramSpec& spec, const std::vector<Request>& requests) {
  std::string trace;
  const auto clock = static_cast<std::uint64_t>(spec.clock_ps);
  for (const Request& r : requests) {
    char line[80];
    std::snprintf(line, sizeof line, "0x%llx %s %llu\n", static_cast<unsigned long long>(r.address),
                  r.write ? "WRITE" : "READ", static_cast<unsigned long long>((r.at_ps + clock - 1) / clock));
    trace += line;
  }
  const auto result = testing::replay(spec, trace);
  EXPECT_EQ(result.check.violation_count, 0) << testing::first_violation(result.check);
  return result.commands;
}

// One process a request, so that as many are in flight as came.
struct Blocking : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Blocking> socket;
  explicit Blocking(sc_core::sc_module_name name, const std::vector<Request>& requests) : sc_module(name) {
    for (const Request& r : requests)
      sc_core::sc_spawn([this, r] {
        const std::uint64_t early = std::min(r.early_ps, r.at_ps);
        sc_core::wait(sc_time(static_cast<double>(r.at_ps - early), sc_core::SC_PS));
        tlm::tlm_generic_payload p;
        p.set_command(r.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        p.set_address(r.address);
        p.set_data_length(64);
        p.set_streaming_width(64);
        sc_time delay(static_cast<double>(early), sc_core::SC_PS);
        socket->b_transport(p, delay);
      });
  }
};

// Both up to the last column command: what idle ranks do afterwards depends on when the run ends.
void expect_same(std::vector<CommandRecord> a, std::vector<CommandRecord> b, const std::string& what) {
  for (auto* list : {&a, &b})
    while (!list->empty() && !spec::is_column(list->back().command)) list->pop_back();
  ASSERT_GT(a.size(), 500u);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    ASSERT_EQ(a[i].cycle, b[i].cycle) << what << ", command " << i;
    ASSERT_EQ(a[i].command, b[i].command) << what << ", command " << i;
    ASSERT_EQ(a[i].place.bank, b[i].place.bank) << what << ", command " << i;
    ASSERT_EQ(a[i].place.column, b[i].place.column) << what << ", command " << i;
  }
  EXPECT_EQ(a.size(), b.size()) << what;
}

void compare(const std::string& config, const std::vector<std::pair<std::string, std::string>>& changes,
             std::uint64_t seed) {
  const spec::DramSpec spec = testing::spec_of(config, changes);
  const std::vector<Request> requests = random_requests(1500, seed);
  Dram one("one", spec), other("other", spec);
  Blocking blocking("blocking", requests);
  blocking.socket.bind(one.socket);
  testing::TrafficGenerator generator("generator");
  generator.socket.bind(other.socket);
  generator.response_delay = sc_time(3.7, sc_core::SC_NS);
  for (const Request& r : requests)
    generator.requests.push_back({r.write, r.address, 64, sc_time(static_cast<double>(r.at_ps), sc_core::SC_PS),
                                  sc_time(static_cast<double>(r.early_ps), sc_core::SC_PS)});
  Recorder by_b, by_nb;
  one.set_command_sink(0, &by_b);
  other.set_command_sink(0, &by_nb);
  sc_core::sc_start();
  one.finish();
  other.finish();
  EXPECT_EQ(generator.violations, std::vector<std::string>{});
  const std::vector<CommandRecord> expected = replayed(spec, requests);
  expect_same(expected, by_b.records, "b_transport");
  expect_same(expected, by_nb.records, "nb_transport");
}

TEST(TransportAgreement, SplitCommandBus) {
  compare("reference/hbm2-m2.yaml", {}, 1);
}
TEST(TransportAgreement, SplitCommandBusWithShortQueues) {
  compare("reference/hbm2-m2.yaml",
          {{"read_queue: 32", "read_queue: 3"},
           {"write_queue: 32", "write_queue: 4"},
           {"mark: 26", "mark: 4"},
           {"low_watermark: 6", "low_watermark: 1"}},
          2);
}
TEST(TransportAgreement, SharedCommandBus) {
  compare("ddr4-3200.yaml", {{"read_queue: 32", "read_queue: 8"}}, 3);
}
TEST(TransportAgreement, PerBankRefreshAndClosedPages) {
  compare("lpddr5-6400.yaml", {{"page_policy: open", "page_policy: closed"}}, 4);
}
TEST(TransportAgreement, NoForwardingNoMerging) {
  compare("reference/hbm2-m2.yaml",
          {{"row_hit_cap: 0", "row_hit_cap: 4\n  forward_reads: false\n  merge_writes: false"},
           {"max_wait_cycles: 1500", "max_wait_cycles: 200"}},
          5);
}

}  // namespace
}  // namespace heat::dram
