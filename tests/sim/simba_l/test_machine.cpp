#include "tests/sim/simba_l/test_machine.h"

#include <sys/wait.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/peq_with_cb_and_phase.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <stdexcept>

#include "sim/simba_l/run_report.h"

namespace heat::simba_test {
namespace {

// Accepts every request at once, answers after a fixed time.
class SimpleMemory : public sc_core::sc_module {
 public:
  tlm_utils::multi_passthrough_target_socket<SimpleMemory> socket;
  SC_HAS_PROCESS(SimpleMemory);
  SimpleMemory(sc_core::sc_module_name name, const Machine& machine, std::size_t bytes)
      : sc_core::sc_module(name),
        socket("socket"),
        latency_(machine.memory_latency_cycles / machine.arch.clock_ghz, sc_core::SC_NS),
        never_(machine.memory_never_answers),
        never_writes_(machine.memory_never_answers_writes),
        content_(bytes),
        queue_(this, &SimpleMemory::due) {
    socket.register_nb_transport_fw(this, &SimpleMemory::nb_transport_fw);
    socket.register_transport_dbg(this, &SimpleMemory::debug);
  }

 private:
  tlm::tlm_sync_enum nb_transport_fw(int port, tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
    port_of_[&p] = port;
    if (!never_ && !(never_writes_ && p.is_write())) queue_.notify(p, tlm::BEGIN_RESP, delay + latency_);
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }
  void due(tlm::tlm_generic_payload& p, const tlm::tlm_phase&) {
    move(p);
    p.set_response_status(tlm::TLM_OK_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    socket[port_of_.at(&p)]->nb_transport_bw(p, phase, delay);
  }
  void move(tlm::tlm_generic_payload& p) {
    if (!p.get_data_ptr()) return;
    for (unsigned i = 0; i < p.get_data_length(); ++i) {
      if (p.get_byte_enable_ptr() && p.get_byte_enable_ptr()[i] != TLM_BYTE_ENABLED) continue;
      std::uint8_t& byte = content_.at(p.get_address() + i);
      if (p.is_write())
        byte = p.get_data_ptr()[i];
      else
        p.get_data_ptr()[i] = byte;
    }
  }
  unsigned debug(int, tlm::tlm_generic_payload& p) {
    move(p);
    return p.get_data_length();
  }
  sc_core::sc_time latency_;
  bool never_, never_writes_;
  std::vector<std::uint8_t> content_;
  std::map<const tlm::tlm_generic_payload*, int> port_of_;  // of those under way
  tlm_utils::peq_with_cb_and_phase<SimpleMemory> queue_;
};

std::size_t memory_bytes(const test_support::BuiltSchedule& built) {
  std::size_t bytes = built.image.size();
  const spec::Schedule& s = built.schedule;
  for (spec::TensorId t : s.workload.tensors.ids())
    bytes = std::max(bytes, static_cast<std::size_t>(std::max<std::int64_t>(0, s.plan.dram_addresses[t]) +
                                                     s.workload.tensors[t].bytes()));
  return bytes + 4096;
}

nlohmann::json simulate_here(const test_support::BuiltSchedule& built, const Machine& machine) {
  const spec::EnergyTable table = spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml");
  SimpleMemory memory("memory", machine, memory_bytes(built));
  simba::DramAttachment attachment;
  attachment.bind = [&](auto& socket) { socket.bind(memory.socket); };
  attachment.energy = [] { return simba::DramEnergy{1e6, 5e5}; };
  nlohmann::json answer;
  try {
    const auto result = simba::simulate(built.schedule, machine.arch, table, machine.options, attachment, built.image);
    answer["report"] = simba::report_json(built.schedule, machine.arch, table, machine.options, result, {});
    for (const auto& [name, bytes] : result.outputs) answer["outputs"][name] = bytes;
  } catch (const std::exception& e) {
    answer["error"] = e.what();
    answer["is_reported"] = dynamic_cast<const base::Error*>(&e) != nullptr;
  }
  return answer;
}

}  // namespace

std::string in_child(const std::function<std::string()>& work) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    close(ends[0]);
    const std::string text = work();
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t n = write(ends[1], text.data() + done, text.size() - done);
      if (n <= 0) _exit(1);
      done += static_cast<std::size_t>(n);
    }
    close(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[65536];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0 || text.empty())
    throw std::runtime_error("the simulation's process ended with status " + std::to_string(status));
  return text;
}

Outcome run(const test_support::BuiltSchedule& built, const Machine& machine) {
  const std::string text = in_child([&] { return simulate_here(built, machine).dump(); });
  const nlohmann::json answer = nlohmann::json::parse(text);
  Outcome outcome;
  if (answer.contains("error")) {
    outcome.error = answer["error"].get<std::string>();
    outcome.is_reported = answer["is_reported"].get<bool>();
  }
  if (answer.contains("report")) outcome.report = answer["report"];
  if (answer.contains("outputs"))
    for (const auto& [name, bytes] : answer["outputs"].items())
      for (const auto& b : bytes) outcome.outputs[name].push_back(static_cast<std::int8_t>(b.get<int>()));
  return outcome;
}

}  // namespace heat::simba_test
