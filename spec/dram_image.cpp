// Tensors are looked at one by one, at their addresses: bytes between them mean nothing.
#include "spec/dram_image.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/atomic_file.h"
#include "base/config_reader.h"
#include "spec/schedule_checks.h"
#include "spec/verify_parameters.h"

namespace heat::spec {
namespace {

bool is_inside(const Schedule& s, TensorId t, const std::vector<std::uint8_t>& image) {
  const std::int64_t address = s.plan.dram_addresses[t];
  return address >= 0 && address + s.workload.tensors[t].bytes() <= static_cast<std::int64_t>(image.size());
}

ParameterBytes bytes_of(const Schedule& s, TensorId t, const std::vector<std::uint8_t>& image) {
  const Tensor& tensor = s.workload.tensors[t];
  return {tensor.name, image.data() + s.plan.dram_addresses[t], tensor.bytes()};
}

void verify_checksum(const Schedule& s, const std::vector<std::uint8_t>& image, base::Problems& problems) {
  const std::uint32_t found = data_crc32(s, image);
  if (found != s.data_crc32)
    problems.add(s.file, "data_crc32: is " + std::to_string(s.data_crc32) + ", the workload and its tensors in '" +
                             s.dram_image + "' have " + std::to_string(found) +
                             ": one of the two files was changed, or they do not belong together");
}

// The image of a schedule whose form is sound.
std::vector<std::uint8_t> read_verified_image(const Schedule& s, base::Problems& problems) {
  const std::filesystem::path folder = std::filesystem::path(s.file).parent_path();
  const std::string bytes = base::read_file((folder / s.dram_image).string());
  std::vector<std::uint8_t> image(bytes.begin(), bytes.end());
  if (verify_given_data(s, image, problems)) verify_checksum(s, image, problems);
  return image;
}

}  // namespace

namespace {

std::optional<TensorId> input_named(const Workload& w, const std::string& name, base::Problems& problems) {
  std::vector<std::string> inputs;
  std::string list;
  for (TensorId t : w.tensors.ids()) {
    const Tensor& tensor = w.tensors[t];
    if (tensor.kind != TensorKind::kInput) continue;
    if (tensor.name == name) return t;
    list += (inputs.empty() ? "" : ", ") + tensor.name;
    inputs.push_back(tensor.name);
  }
  const auto near = base::nearest_word(name, inputs);
  problems.add("input '" + name + "'",
               "no tensor of kind input (" + (near ? "did you mean '" + *near + "'?" : "there are: " + list) + ")");
  return std::nullopt;
}

// The first node's that reads it, if any does as its parameter.
void verify_input(const Schedule& s, TensorId t, const std::vector<std::uint8_t>& image, const std::string& place,
                  base::Problems& problems) {
  for (const Node& node : s.workload.nodes)
    for (TensorId read : node.parameters())
      if (read == t) {
        verify_parameters(node, t, bytes_of(s, t, image), place + ": node '" + node.name + "'", problems);
        return;
      }
}

void give(const InputFile& input, ScheduleWithData& data, base::Problems& problems) {
  const auto t = input_named(data.schedule.workload, input.tensor, problems);
  if (!t) return;
  const std::string bytes = base::read_file(input.file);
  const std::int64_t expected = data.schedule.workload.tensors[*t].bytes();
  if (static_cast<std::int64_t>(bytes.size()) != expected) {
    problems.add(input.file, "has " + std::to_string(bytes.size()) + " bytes, input '" + input.tensor + "' has " +
                                 std::to_string(expected));
    return;
  }
  std::copy(bytes.begin(), bytes.end(), data.image.begin() + data.schedule.plan.dram_addresses[*t]);
  verify_input(data.schedule, *t, data.image, input.file, problems);
}

}  // namespace

std::uint32_t data_crc32(const Schedule& schedule, const std::vector<std::uint8_t>& image) {
  const std::string workload = to_json(schedule.workload).dump();
  uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(workload.data()), workload.size());
  for (TensorId t : schedule.workload.tensors.ids()) {
    if (!schedule.workload.tensors[t].is_given()) continue;
    HEAT_CHECK(is_inside(schedule, t, image), schedule.workload.tensors[t].name + " lies in the image");
    const ParameterBytes bytes = bytes_of(schedule, t, image);
    crc = crc32_z(crc, bytes.data, static_cast<z_size_t>(bytes.size));
  }
  return static_cast<std::uint32_t>(crc);
}

bool verify_given_data(const Schedule& schedule, const std::vector<std::uint8_t>& image, base::Problems& problems) {
  const Workload& w = schedule.workload;
  bool all_inside = true;
  for (TensorId t : w.tensors.ids()) {
    if (!w.tensors[t].is_given() || is_inside(schedule, t, image)) continue;
    all_inside = false;
    const std::int64_t address = schedule.plan.dram_addresses[t];
    if (address >= 0)
      problems.add(schedule.file + ": tensor '" + w.tensors[t].name + "'",
                   "ends at address " + std::to_string(address + w.tensors[t].bytes()) + ", the DRAM image has " +
                       std::to_string(image.size()) + " bytes");
  }
  for (const Node& node : w.nodes)
    for (TensorId t : node.parameters())
      if (is_inside(schedule, t, image))
        verify_parameters(node, t, bytes_of(schedule, t, image), schedule.file + ": node '" + node.name + "'",
                          problems);
  return all_inside;
}

ScheduleWithData load_with_data(const std::string& path, const std::vector<InputFile>& inputs) {
  base::Problems problems;
  std::optional<Schedule> schedule = read_schedule(path, problems);
  if (!schedule) problems.throw_if_any<base::ScheduleError>();
  ScheduleWithData loaded{std::move(*schedule), {}};
  if (loaded.schedule.dram_image.empty())
    problems.add(path, "dram_image: is empty, a run with data needs the tensors' content");
  else
    loaded.image = read_verified_image(loaded.schedule, problems);
  problems.throw_if_any<base::ScheduleError>();
  std::set<std::string> given;
  for (const InputFile& input : inputs) {
    if (given.insert(input.tensor).second)
      give(input, loaded, problems);
    else
      problems.add("input '" + input.tensor + "'", "is given twice");
  }
  problems.throw_if_any<base::ScheduleError>();
  return loaded;
}

}  // namespace heat::spec
