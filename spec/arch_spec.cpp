// Reads configs/arch/*.yaml. Every number has a range, so that a slip of the pen is named and not simulated.
#include "spec/arch_spec.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/config_reader.h"
#include "base/relative_path.h"
#include "spec/dram_spec.h"

namespace heat::spec {
namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 40;

MeshSpec read_mesh(base::ConfigReader r) {
  MeshSpec mesh;
  mesh.width = static_cast<int>(r.integer("width", {1, 64}));
  mesh.height = static_cast<int>(r.integer("height", {1, 64}));
  mesh.link_bytes_per_cycle = r.number("link_bytes_per_cycle", {1e-3, 1e6});
  mesh.hop_cycles = static_cast<int>(r.integer("hop_cycles", {0, 100000}));
  mesh.base_cycles = static_cast<int>(r.integer("base_cycles", {0, 100000}));
  return mesh;
}

BufferSpec read_buffer(base::ConfigReader r) {
  BufferSpec buffer;
  buffer.capacity = Bytes(r.integer("bytes", {1, kMaxBytes}));
  buffer.read_bytes_per_cycle = r.number("read_bytes_per_cycle", {1e-3, 1e9});
  buffer.write_bytes_per_cycle = r.number("write_bytes_per_cycle", {1e-3, 1e9});
  return buffer;
}

PeSpec read_pe(base::ConfigReader r) {
  PeSpec pe;
  pe.lanes = static_cast<int>(r.integer("lanes", {1, 4096}));
  pe.width = static_cast<int>(r.integer("width", {1, 4096}));
  pe.weight_buffer = read_buffer(r.section("weight_buffer"));
  pe.input_buffer = read_buffer(r.section("input_buffer"));
  pe.accumulation_buffer = read_buffer(r.section("accumulation_buffer"));
  pe.accumulator_bits = static_cast<int>(r.integer("accumulator_bits", {16, 32}));
  pe.weight_registers = static_cast<int>(r.integer("weight_registers", {1, 2}));
  pe.compute_overhead_cycles = static_cast<int>(r.integer("compute_overhead_cycles", {0, 100000}));
  pe.ppu_elements_per_cycle = static_cast<int>(r.integer("ppu_elements_per_cycle", {1, 4096}));
  return pe;
}

DramPortsSpec read_dram_ports(base::ConfigReader& r, int chiplets) {
  DramPortsSpec ports;
  for (std::int64_t chiplet : r.integers("chiplets", {0, 4095})) {
    if (chiplet >= chiplets)
      r.problems().add(r.place("chiplets"), "value " + std::to_string(chiplet) +
                                                " is no chiplet of the package (0 to " + std::to_string(chiplets - 1) +
                                                ")");
    if (std::count(ports.chiplets.begin(), ports.chiplets.end(), chiplet) > 0)
      r.problems().add(r.place("chiplets"), "chiplet " + std::to_string(chiplet) + " is named twice");
    ports.chiplets.push_back(static_cast<int>(chiplet));
  }
  if (ports.chiplets.empty() && r.has("chiplets"))
    r.problems().add(r.place("chiplets"), "names no chiplet; the DRAM needs a port");
  if (ports.count() > 1) {
    ports.interleave_bytes = r.integer("interleave_bytes", {kDmaBlockBytes, 1 << 30});
    if (ports.interleave_bytes % kDmaBlockBytes != 0)
      r.problems().add(r.place("interleave_bytes"), "value " + std::to_string(ports.interleave_bytes) +
                                                        " is no multiple of " + std::to_string(kDmaBlockBytes));
  }
  ports.bytes_per_cycle = r.number("port_bytes_per_cycle", {1e-3, 1e6});
  return ports;
}

GlobalBufferSpec read_global_buffer(base::ConfigReader r) {
  GlobalBufferSpec gb;
  gb.capacity = Bytes(r.integer("bytes", {1024, kMaxBytes}));
  gb.word_bytes = static_cast<int>(r.integer("word_bytes", {1, 4096}));
  gb.banks = static_cast<int>(r.integer("banks", {1, 1024}));
  gb.read_bytes_per_cycle = r.number("read_bytes_per_cycle", {1e-3, 1e9});
  gb.write_bytes_per_cycle = r.number("write_bytes_per_cycle", {1e-3, 1e9});
  return gb;
}

void read_rest(base::ConfigReader& r, ArchSpec& arch) {
  base::ConfigReader vector_unit = r.section("vector_unit");
  arch.vector_unit.elements_per_cycle = static_cast<int>(vector_unit.integer("elements_per_cycle", {1, 65536}));
  arch.vector_unit.row_overhead_cycles = static_cast<int>(vector_unit.integer("row_overhead_cycles", {0, 100000}));
  base::ConfigReader controller = r.section("controller");
  arch.controller.command_cycles = static_cast<int>(controller.integer("command_cycles", {0, 100000}));
  arch.controller.queue_depth = static_cast<int>(controller.integer("queue_depth", {1, 4096}));
  base::ConfigReader dma = r.section("dma");
  arch.dma.burst_bytes = static_cast<int>(dma.integer("burst_bytes", {kDmaBlockBytes, 1 << 20}));
  if (arch.dma.burst_bytes % kDmaBlockBytes != 0)
    dma.problems().add(dma.place("burst_bytes"), "value " + std::to_string(arch.dma.burst_bytes) +
                                                     " is no multiple of " + std::to_string(kDmaBlockBytes));
  arch.dma.outstanding_bursts = static_cast<int>(dma.integer("outstanding_bursts", {1, 1024}));
  arch.dma.setup_cycles = static_cast<int>(dma.integer("setup_cycles", {0, 100000}));
  arch.signal_cycles = static_cast<int>(r.integer("signal_cycles", {0, 100000}));
  base::ConfigReader dram = r.section("dram");
  arch.dram_ports = read_dram_ports(dram, arch.chiplets());
  arch.dram_config = base::beside(arch.file, dram.text("config"));
  arch.energy_config = base::beside(arch.file, r.text("energy"));
}

nlohmann::ordered_json mesh_json(const MeshSpec& m) {
  return {{"width", m.width},
          {"height", m.height},
          {"link_bytes_per_cycle", m.link_bytes_per_cycle},
          {"hop_cycles", m.hop_cycles},
          {"base_cycles", m.base_cycles}};
}

nlohmann::ordered_json buffer_json(const BufferSpec& b) {
  return {{"bytes", b.capacity.value()},
          {"read_bytes_per_cycle", b.read_bytes_per_cycle},
          {"write_bytes_per_cycle", b.write_bytes_per_cycle}};
}

}  // namespace

// Square s takes nodes s^2 .. (s + 1)^2 - 1: those of its last column above the corner, then its last row. Beyond the
// largest square of the mesh come the other columns or rows.
MeshPlace MeshSpec::place(int node) const {
  const int squares = by_squares ? std::min(width, height) : 0;
  if (node >= squares * squares)
    return by_squares && width > height ? MeshPlace{node / height, node % height}
                                        : MeshPlace{node % width, node / width};
  int s = 0;
  while ((s + 1) * (s + 1) <= node) ++s;
  const int rest = node - s * s;
  return rest < s ? MeshPlace{s, rest} : MeshPlace{rest - s, s};
}

int MeshSpec::node_at(MeshPlace p) const {
  const int s = std::max(p.x, p.y), squares = by_squares ? std::min(width, height) : 0;
  if (s >= squares) return by_squares && width > height ? p.x * height + p.y : p.y * width + p.x;
  return s * s + (p.y < s ? p.y : s + p.x);
}

ArchSpec ArchSpec::load(const std::string& path, base::Problems& problems) {
  ArchSpec arch;
  arch.file = path;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  arch.name = r.text("name");
  arch.clock_ghz = r.number("clock_ghz", {1e-3, 100.0});
  arch.nop = read_mesh(r.section("nop"));
  arch.nop.by_squares = true;
  arch.noc = read_mesh(r.section("noc"));
  arch.pe = read_pe(r.section("pe"));
  arch.global_buffer = read_global_buffer(r.section("global_buffer"));
  read_rest(r, arch);
  r.finish();
  return arch;
}

ArchSpec ArchSpec::load(const std::string& path) {
  base::Problems problems;
  ArchSpec arch = load(path, problems);
  problems.throw_if_any();
  return arch;
}

void check_dram_ports(const ArchSpec& arch, const DramSpec& dram, base::Problems& problems) {
  const DramPortsSpec& ports = arch.dram_ports;
  if (ports.count() == 1) return;
  const auto power = [](std::int64_t value) { return value > 0 && (value & (value - 1)) == 0; };
  const std::string place = arch.file + ": dram";
  if (!power(ports.interleave_bytes) || !power(ports.count()))
    problems.add(place, std::to_string(ports.count()) + " ports every " + std::to_string(ports.interleave_bytes) +
                            " bytes; both must be powers of two, so that every port has channels of its own");
  else
    for (int bit = 0; std::int64_t{1} << bit < ports.interleave_bytes * ports.count(); ++bit) {
      if (std::int64_t{1} << bit < ports.interleave_bytes) continue;
      const bool is_channel = std::any_of(dram.mapping.channel.begin(), dram.mapping.channel.end(),
                                          [&](const DramAddressBit& b) { return b.size() == 1 && b.front() == bit; });
      if (!is_channel)
        problems.add(place + ".interleave_bytes", "ports " + std::to_string(ports.interleave_bytes) +
                                                      " bytes apart need bit " + std::to_string(bit) +
                                                      " of the address among " + dram.file +
                                                      "'s mapping.channel (as it is, without exclusive or)");
    }
}

nlohmann::ordered_json to_json(const ArchSpec& a) {
  nlohmann::ordered_json ports{{"chiplets", a.dram_ports.chiplets}};
  if (a.dram_ports.count() > 1) ports["interleave_bytes"] = a.dram_ports.interleave_bytes;
  ports["port_bytes_per_cycle"] = a.dram_ports.bytes_per_cycle;
  ports["config"] = std::filesystem::path(a.dram_config).filename().string();
  return {{"name", a.name},
          {"clock_ghz", a.clock_ghz},
          {"nop", mesh_json(a.nop)},
          {"noc", mesh_json(a.noc)},
          {"pe",
           {{"lanes", a.pe.lanes},
            {"width", a.pe.width},
            {"weight_buffer", buffer_json(a.pe.weight_buffer)},
            {"input_buffer", buffer_json(a.pe.input_buffer)},
            {"accumulation_buffer", buffer_json(a.pe.accumulation_buffer)},
            {"accumulator_bits", a.pe.accumulator_bits},
            {"weight_registers", a.pe.weight_registers},
            {"compute_overhead_cycles", a.pe.compute_overhead_cycles},
            {"ppu_elements_per_cycle", a.pe.ppu_elements_per_cycle}}},
          {"global_buffer",
           {{"bytes", a.global_buffer.capacity.value()},
            {"word_bytes", a.global_buffer.word_bytes},
            {"banks", a.global_buffer.banks},
            {"read_bytes_per_cycle", a.global_buffer.read_bytes_per_cycle},
            {"write_bytes_per_cycle", a.global_buffer.write_bytes_per_cycle}}},
          {"vector_unit",
           {{"elements_per_cycle", a.vector_unit.elements_per_cycle},
            {"row_overhead_cycles", a.vector_unit.row_overhead_cycles}}},
          {"controller", {{"command_cycles", a.controller.command_cycles}, {"queue_depth", a.controller.queue_depth}}},
          {"dma",
           {{"burst_bytes", a.dma.burst_bytes},
            {"outstanding_bursts", a.dma.outstanding_bursts},
            {"setup_cycles", a.dma.setup_cycles}}},
          {"signal_cycles", a.signal_cycles},
          {"dram", ports},
          {"energy", std::filesystem::path(a.energy_config).filename().string()}};
}

}  // namespace heat::spec
