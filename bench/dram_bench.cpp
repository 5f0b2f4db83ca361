// Speed of the DRAM engine and of its TLM-2.0 module, in accesses per CPU second.
#include <benchmark/benchmark.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <string>

#include "sim/dram/dram.h"
#include "sim/dram/replay.h"

namespace {

using namespace heat::dram;

heat::spec::DramSpec spec_of(const std::string& name) {
  return heat::spec::load_dram_spec(std::string(HEAT_SOURCE_DIR) + "/configs/dram/" + name);
}

const char* const kConfigs[] = {"reference/ddr4-m1.yaml", "reference/lpddr4-m1.yaml", "reference/hbm2-m1.yaml"};

// range(0): configuration; range(1): 0 sequential reads, 1 two reads to a write, 2 random reads.
void BM_Engine(benchmark::State& state) {
  const heat::spec::DramSpec spec = spec_of(kConfigs[state.range(0)]);
  const AddressMapping mapping(spec);
  constexpr int kAccesses = 200000;
  std::int64_t cycles = 0;
  for (auto _ : state) {
    Controller engine(spec);
    std::uint64_t random = 1;
    for (std::uint64_t i = 0; i < kAccesses; ++i) {
      random = random * 6364136223846793005ull + 1442695040888963407ull;
      const std::uint64_t address = state.range(1) == 2 ? (random >> 34) / 64 * 64 : i * 64;
      engine.offer({address / 64, mapping.decode(address).place, state.range(1) == 1 && i % 3 == 2, 0}, 0);
      engine.completions().clear();
    }
    engine.drain();
    cycles = engine.statistics().last_finish;
  }
  state.SetItemsProcessed(state.iterations() * kAccesses);
  state.counters["cycles"] = static_cast<double>(cycles);
}
BENCHMARK(BM_Engine)->ArgsProduct({{0, 1, 2}, {0, 1, 2}})->Unit(benchmark::kMillisecond);

struct Initiator : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Initiator> socket;
  sc_core::sc_event start;
  unsigned length = 64;
  int payloads = 0;
  explicit Initiator(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
    SC_HAS_PROCESS(Initiator);
    SC_THREAD(run);
  }
  void run() {
    std::uint64_t address = 0;
    for (;;) {
      sc_core::wait(start);
      for (int i = 0; i < payloads; ++i, address = (address + length) % (1u << 30)) {
        tlm::tlm_generic_payload p;
        p.set_read();
        p.set_address(address);
        p.set_data_length(length);
        p.set_streaming_width(length);
        sc_core::sc_time delay;
        socket->b_transport(p, delay);
      }
    }
  }
};

// b_transport of payloads of range(0) bytes, one at a time, inside the kernel.
void BM_Module(benchmark::State& state) {
  static Initiator* initiator = nullptr;
  static Dram* dram = nullptr;
  if (!dram) {
    initiator = new Initiator("initiator");
    dram = new Dram("dram", spec_of("hbm2.yaml"));
    initiator->socket.bind(dram->socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  initiator->length = static_cast<unsigned>(state.range(0));
  initiator->payloads = static_cast<int>(4'000'000 / state.range(0));
  for (auto _ : state) {
    initiator->start.notify(sc_core::SC_ZERO_TIME);
    sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_SEC), sc_core::SC_EXIT_ON_STARVATION);
  }
  state.SetItemsProcessed(state.iterations() * initiator->payloads * (state.range(0) / 64));
}
BENCHMARK(BM_Module)->Arg(64)->Arg(512)->Arg(4096)->Unit(benchmark::kMillisecond);

}  // namespace

int sc_main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
