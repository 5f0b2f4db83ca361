// Reads 64 bytes through the DRAM's TLM-2.0 socket, writes a run database about it and reads it back.
// Arguments: a DRAM configuration, the database to write.
#include <base/errors.h>
#include <sim/dram/dram.h>
#include <spec/einsum.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <traces/reader.h>
#include <traces/writer.h>

#include <iostream>
#include <nlohmann/json.hpp>

namespace {

struct Initiator : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Initiator> socket;
  sc_core::sc_time done;

  explicit Initiator(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
    SC_HAS_PROCESS(Initiator);
    SC_THREAD(run);
  }
  void run() {
    unsigned char data[64] = {};
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(4096);
    payload.set_data_ptr(data);
    payload.set_data_length(sizeof data);
    payload.set_streaming_width(sizeof data);
    sc_core::sc_time delay;
    socket->b_transport(payload, delay);
    done = sc_core::sc_time_stamp() + delay;
    if (!payload.is_response_ok()) std::cerr << "the read failed\n";
  }
};

int use_heat(const std::string& config, const std::string& database) {
  const auto einsum = heat::spec::Einsum::parse("ab,bc->ac", {{"a", 2}, {"b", 3}, {"c", 4}});
  heat::dram::Dram dram("dram", heat::spec::load_dram_spec(config));
  Initiator initiator("initiator");
  initiator.socket.bind(dram.socket);
  sc_core::sc_start();
  heat::traces::RunInfo info;
  info.program = "consumer";
  info.network = einsum.text();
  heat::traces::Writer writer(database, info, {{"dram", config}});
  writer.finish({static_cast<std::int64_t>(initiator.done / sc_core::sc_time(1, sc_core::SC_NS))});
  const heat::traces::Reader reader(database);
  std::cout << reader.run().info.network << " " << reader.run().cycles << "\n";
  return reader.run().cycles > 0 && dram.statistics().reads > 0 ? 0 : 1;
}

}  // namespace

int sc_main(int argc, char** argv) {
  try {
    return argc == 3 ? use_heat(argv[1], argv[2]) : 2;
  } catch (const heat::base::Error& error) {
    std::cerr << error.what() << "\n";
    return error.exit_code();
  }
}
