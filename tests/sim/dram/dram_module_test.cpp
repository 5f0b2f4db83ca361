// The TLM-2.0 module. Each case is a process of its own (the SystemC kernel elaborates once).
#include "sim/dram/dram.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/sim/dram/traffic_generator.h"

namespace heat::dram {
namespace {

using sc_core::sc_time;

std::string config(const std::string& name) {
  return std::string(HEAT_SOURCE_DIR) + "/configs/dram/" + name;
}

struct Bench {
  explicit Bench(const spec::DramSpec& spec) : generator("generator"), dram("dram", spec) {
    generator.socket.bind(dram.socket);
  }
  testing::TrafficGenerator generator;
  Dram dram;
  void expect_clean() const {
    EXPECT_EQ(generator.violations, std::vector<std::string>{});
    EXPECT_EQ(generator.manager.live, 0);
  }
};

// A blocking initiator: sends requests one after another.
struct Blocking : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Blocking> socket;
  std::function<void(Blocking&)> body;
  explicit Blocking(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
    SC_HAS_PROCESS(Blocking);
    SC_THREAD(run);
  }
  void run() { body(*this); }
  sc_time access(bool write, std::uint64_t address, unsigned length, unsigned char* data = nullptr,
                 tlm::tlm_extension_base* = nullptr) {
    tlm::tlm_generic_payload p;
    fill(p, write, address, length, data);
    sc_time delay;
    socket->b_transport(p, delay);
    status = p.get_response_status();
    return sc_core::sc_time_stamp() + delay;
  }
  static void fill(tlm::tlm_generic_payload& p, bool write, std::uint64_t address, unsigned length,
                   unsigned char* data) {
    p.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    p.set_address(address);
    p.set_data_ptr(data);
    p.set_data_length(length);
    p.set_streaming_width(length);
  }
  tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
};

TEST(DramModule, FirstReadTakesActivateAndColumnLatency) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/ddr4-m1.yaml"));
  Bench b(spec);
  b.generator.requests = {{false, 0, 64, sc_core::SC_ZERO_TIME}};
  sc_core::sc_start();
  // Accepted in cycle 0, ACT in 1, RD tRCD later, data end CL + BL after that.
  EXPECT_EQ(b.generator.seen[0].begin_resp, sc_time(0.625 * (1 + 22 + 22 + 4), sc_core::SC_NS));
  b.expect_clean();
}

TEST(DramModule, BlockingAndNonBlockingAgreeForOneOutstandingRequest) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/ddr4-m1.yaml"));
  Bench nb(spec);
  Blocking bl("blocking");
  Dram other("other", spec);
  bl.socket.bind(other.socket);
  std::vector<sc_time> begins, ends;
  std::uint64_t state = 1;
  for (int i = 0; i < 400; ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    nb.generator.requests.push_back({(state >> 40 & 3) == 0, (state >> 20) % (1u << 30) / 64 * 64,
                                     64u << (state >> 50 & 3),
                                     sc_time(static_cast<double>(i) * 2000.0, sc_core::SC_NS)});
  }
  bl.body = [&](Blocking& self) {
    for (const auto& r : nb.generator.requests) {
      sc_core::wait(r.at - sc_core::sc_time_stamp());
      ends.push_back(self.access(r.write, r.address, r.length));
    }
  };
  sc_core::sc_start();
  ASSERT_EQ(ends.size(), nb.generator.seen.size());
  for (std::size_t i = 0; i < ends.size(); ++i) EXPECT_EQ(ends[i], nb.generator.seen[i].begin_resp) << i;
  nb.expect_clean();
}

TEST(DramModule, BurstEqualsTheEngineFedWithItsAccesses) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/ddr4-m1.yaml"));
  Bench b(spec);
  b.generator.requests = {{false, 0x12340, 4096, sc_core::SC_ZERO_TIME}};
  sc_core::sc_start();
  Controller engine(spec);
  const AddressMapping mapping(spec);
  for (std::uint64_t a = 0x12340; a < 0x12340 + 4096; a += 64)
    engine.enqueue({a / 64, mapping.decode(a).place, false, 0}, 0);
  engine.drain();
  EXPECT_EQ(b.generator.seen[0].begin_resp,
            sc_time(0.625 * static_cast<double>(engine.statistics().last_finish), sc_core::SC_NS));
  EXPECT_EQ(b.dram.statistics().reads, 64u);
  b.expect_clean();
}

TEST(DramModule, FullQueueHoldsEndReqBack) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/ddr4-m1.yaml"));
  Bench b(spec);
  for (int i = 0; i < 200; ++i)
    b.generator.requests.push_back({false, static_cast<std::uint64_t>(i) * 131072 * 16, 64, sc_core::SC_ZERO_TIME});
  b.generator.response_delay = sc_time(3, sc_core::SC_NS);
  sc_core::sc_start();
  // Same bank, another row each: the first 32 enter one a cycle, then one enters per row cycle.
  EXPECT_EQ(b.generator.seen[10].end_req - b.generator.seen[9].end_req, sc_time(0.625, sc_core::SC_NS));
  EXPECT_EQ(b.generator.seen[101].end_req - b.generator.seen[100].end_req, sc_time(0.625 * 74, sc_core::SC_NS));
  b.expect_clean();
}

// A request is there when its delay is over: one that is called later with a shorter delay goes first, in time and in what
// it reads.
TEST(DramModule, RequestsComeInTheOrderOfTheirTimes) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/ddr4-m1.yaml"));
  Blocking far("far"), near("near");
  Dram dram("dram", spec);
  far.socket.bind(dram.socket);
  near.socket.bind(dram.socket);
  Bench nb(spec);
  nb.generator.requests = {{false, 0, 64, sc_time(5, sc_core::SC_US), sc_time(5, sc_core::SC_US)}};
  testing::TrafficGenerator second("second");
  second.socket.bind(nb.dram.socket);
  second.requests = {{false, 64, 64, sc_time(10, sc_core::SC_NS)}};
  unsigned char written = 77, read = 1;
  sc_time far_done, near_done;
  far.body = [&](Blocking& self) {
    tlm::tlm_generic_payload p;
    Blocking::fill(p, true, 64, 1, &written);
    sc_time delay(5, sc_core::SC_US);
    self.socket->b_transport(p, delay);
    far_done = sc_core::sc_time_stamp() + delay;
  };
  near.body = [&](Blocking& self) {
    sc_core::wait(sc_time(10, sc_core::SC_NS));
    near_done = self.access(false, 64, 1, &read);
  };
  sc_core::sc_start();
  const sc_time miss(0.625 * (1 + 22 + 22 + 4), sc_core::SC_NS);
  EXPECT_EQ(near_done, sc_time(10, sc_core::SC_NS) + miss);
  EXPECT_EQ(read, 0);
  EXPECT_EQ(far_done, sc_time(5, sc_core::SC_US) + sc_time(0.625, sc_core::SC_NS));  // posted
  EXPECT_EQ(second.seen[0].begin_resp, sc_time(10, sc_core::SC_NS) + miss);
  EXPECT_EQ(nb.generator.seen[0].begin_resp,
            sc_time(5, sc_core::SC_US) + sc_time(0.625 * (1 + 22 + 4), sc_core::SC_NS));
  EXPECT_EQ(dram.outstanding() + nb.dram.outstanding(), 0);
}

TEST(DramModule, DataWrittenAreReadBackThroughEveryDoor) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/hbm2-m1.yaml"));
  Blocking bl("blocking");
  Dram dram("dram", spec);
  bl.socket.bind(dram.socket);
  int checks = 0;
  bl.body = [&](Blocking& self) {
    std::vector<unsigned char> out(1000), in(1000, 0);
    std::iota(out.begin(), out.end(), static_cast<unsigned char>(1));
    self.access(true, 4000, 1000, out.data());
    self.access(false, 4000, 1000, in.data());
    checks += in == out;
    std::vector<unsigned char> debug(1000, 0);
    tlm::tlm_generic_payload p;
    Blocking::fill(p, false, 4000, 1000, debug.data());
    checks += self.socket->transport_dbg(p) == 1000u && debug == out;
    tlm::tlm_dmi dmi;
    checks += !self.socket->get_direct_mem_ptr(p, dmi);
    unsigned char enable[2] = {TLM_BYTE_ENABLED, TLM_BYTE_DISABLED};
    std::vector<unsigned char> zeros(4, 0);
    Blocking::fill(p, true, 4000, 4, zeros.data());
    p.set_byte_enable_ptr(enable);
    p.set_byte_enable_length(2);
    sc_time delay;
    self.socket->b_transport(p, delay);
    self.access(false, 4000, 4, in.data());
    checks += in[0] == 0 && in[1] == 2 && in[2] == 0 && in[3] == 4;
  };
  sc_core::sc_start();
  EXPECT_EQ(checks, 4);
  EXPECT_EQ(dram.memory().pages(), 2u);
}

TEST(DramModule, TimingOnlyPayloadsAllocateNothing) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/hbm2-m1.yaml"));
  Bench b(spec);
  for (int i = 0; i < 100; ++i)
    b.generator.requests.push_back({true, static_cast<std::uint64_t>(i) * 4096, 4096, sc_core::SC_ZERO_TIME});
  sc_core::sc_start();
  EXPECT_EQ(b.dram.memory().pages(), 0u);
  EXPECT_EQ(b.dram.statistics().write_commands(), 6400u);
  EXPECT_GT(b.dram.energy().write, 0.0);
  b.expect_clean();
}

TEST(DramModule, WrongPayloadsAreAnsweredWithTheirError) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/hbm2-m1.yaml"));
  Blocking bl("blocking");
  Dram dram("dram", spec);
  bl.socket.bind(dram.socket);
  std::vector<tlm::tlm_response_status> got;
  bl.body = [&](Blocking& self) {
    self.access(false, std::uint64_t{1} << 30, 64);
    got.push_back(self.status);
    self.access(false, (std::uint64_t{1} << 30) - 32, 64);
    got.push_back(self.status);
    tlm::tlm_generic_payload p;
    Blocking::fill(p, false, 0, 64, nullptr);
    p.set_streaming_width(4);
    sc_time delay;
    self.socket->b_transport(p, delay);
    got.push_back(p.get_response_status());
  };
  sc_core::sc_start();
  EXPECT_EQ(got, (std::vector<tlm::tlm_response_status>{
                     tlm::TLM_ADDRESS_ERROR_RESPONSE, tlm::TLM_ADDRESS_ERROR_RESPONSE, tlm::TLM_BURST_ERROR_RESPONSE}));
}

TEST(DramModule, ObserverHearsEveryAccessWithItsRequester) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/hbm2-m1.yaml"));
  Blocking bl("blocking");
  Dram dram("dram", spec);
  bl.socket.bind(dram.socket);
  std::vector<AccessRecord> records;
  dram.set_observer([&](const AccessRecord& r) { records.push_back(r); });
  bl.body = [&](Blocking& self) {
    Requester who(spec::NodeId(7), spec::TensorId(3));
    tlm::tlm_generic_payload p;
    Blocking::fill(p, false, 2048 - 64, 128, nullptr);
    p.set_extension(&who);
    sc_time delay;
    self.socket->b_transport(p, delay);
    p.clear_extension(&who);
  };
  sc_core::sc_start();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].node, spec::NodeId(7));
  EXPECT_EQ(records[1].tensor, spec::TensorId(3));
  EXPECT_EQ(records[0].address + records[1].address, 2 * 2048u - 64);
  EXPECT_NE(records[0].place.bank, records[1].place.bank);
  for (const AccessRecord& r : records) EXPECT_EQ(r.finish - r.start, spec.read_latency());
}

TEST(DramModule, ManyInitiatorsKeepTheBaseProtocol) {
  const spec::DramSpec spec = spec::load_dram_spec(config("reference/ddr4-m2.yaml"));
  Dram dram("dram", spec);
  std::vector<std::unique_ptr<testing::TrafficGenerator>> generators;
  std::uint64_t state = 7;
  for (int g = 0; g < 4; ++g) {
    generators.push_back(std::make_unique<testing::TrafficGenerator>(sc_core::sc_gen_unique_name("generator")));
    generators.back()->socket.bind(dram.socket);
    generators.back()->response_delay = sc_time(g * 1.7, sc_core::SC_NS);
    for (int i = 0; i < 300; ++i) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      generators.back()->requests.push_back({(state >> 40 & 1) == 0, (state >> 30) % (1u << 22) / 64 * 64,
                                             64u << (state >> 50 & 7),
                                             sc_time(static_cast<double>(i * g) * 1.3, sc_core::SC_NS)});
    }
  }
  sc_core::sc_start();
  for (const auto& g : generators) {
    EXPECT_EQ(g->violations, std::vector<std::string>{});
    EXPECT_EQ(g->manager.live, 0);
    for (const auto& s : g->seen) EXPECT_EQ(s.status, tlm::TLM_OK_RESPONSE);
  }
  EXPECT_EQ(dram.outstanding(), 0);
}

}  // namespace
}  // namespace heat::dram
