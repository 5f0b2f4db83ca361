// Values are found by the JSON pointers of all leaves; "of the same key" compares the last name of a pointer, so that a
// stride is exchanged with a stride and a tensor's name with a tensor's.
#include "tests/support/mutations.h"

#include <algorithm>

namespace heat::test_support {
namespace {

using Json = nlohmann::ordered_json;
using Pointer = Json::json_pointer;

// The last name in a pointer that is no position in a list.
std::string key_of(Pointer at) {
  while (!at.empty() && at.back().find_first_not_of("0123456789") == std::string::npos) at.pop_back();
  return at.empty() ? "" : at.back();
}

// Everything in the file, leaves only or lists only.
std::vector<Pointer> leaves(const Json& json) {
  std::vector<Pointer> list;
  const Json flat = json.flatten();  // items() keeps no temporary alive
  for (const auto& item : flat.items()) list.emplace_back(item.key());
  return list;
}

template <class T>
const T& one_of(const std::vector<T>& list, Random& random) {
  return list.at(static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(list.size()) - 1)));
}

// A leaf that decides something: predictions are told and never used, and they are most of the file.
Pointer some_leaf(const Json& json, Random& random) {
  const std::vector<Pointer> all = leaves(json);
  while (true) {
    const Pointer at = one_of(all, random);
    const std::string text = at.to_string();
    if (text.find("/prediction/") == std::string::npos && text.find("/layers/") == std::string::npos) return at;
  }
}

std::string change_number(Json& json, Random& random) {
  Pointer at = some_leaf(json, random);
  while (!json[at].is_number_integer()) at = some_leaf(json, random);
  const auto value = json[at].get<std::int64_t>();
  const std::vector<std::int64_t> others{value - 1, value + 1, value * 2, value / 2, 0, 64 * random.between(0, 4000)};
  json[at] = one_of(others, random);
  return at.to_string() + " = " + json[at].dump() + " instead of " + std::to_string(value);
}

// A value takes the place of another of its key; `both`: they exchange places.
std::string exchange(Json& json, Random& random, bool both) {
  const Pointer at = some_leaf(json, random);
  std::vector<Pointer> alike;
  for (const Pointer& other : leaves(json))
    if (key_of(other) == key_of(at) && json[other] != json[at]) alike.push_back(other);
  if (alike.empty()) return change_number(json, random);
  const Pointer other = one_of(alike, random);
  if (both)
    std::swap(json[at], json[other]);
  else
    json[at] = json[other];
  return at.to_string() + (both ? " exchanged with " : " copied from ") + other.to_string();
}

std::string change_list(Json& json, Random& random) {
  std::vector<Pointer> lists;
  for (Pointer at : leaves(json)) {
    if (at.to_string().find("/prediction/") != std::string::npos) continue;
    for (; !at.empty(); at.pop_back())
      if (json[at].is_array() && !json[at].empty() && std::find(lists.begin(), lists.end(), at) == lists.end())
        lists.push_back(at);
  }
  const Pointer at = one_of(lists, random);
  Json& list = json[at];
  const auto size = static_cast<std::int64_t>(list.size());
  const auto i = static_cast<std::size_t>(random.between(0, size - 1)),
             j = static_cast<std::size_t>(random.between(0, size - 1));
  switch (random.between(0, 2)) {
    case 0:
      list.erase(i);
      return at.to_string() + " without " + std::to_string(i);
    case 1:
      list.push_back(Json(list[i]));
      return at.to_string() + " with " + std::to_string(i) + " twice";
    default:
      std::swap(list[i], list[j]);
      return at.to_string() + " with " + std::to_string(i) + " and " + std::to_string(j) + " exchanged";
  }
}

// Two neighbours become one group under the first one's loop, or a group's last node one of its own.
std::string change_groups(Json& json, Random& random) {
  Json& groups = json["plan"]["groups"];
  const auto count = static_cast<std::int64_t>(groups.size());
  const auto at = static_cast<std::size_t>(random.between(0, count - 1));
  if (at + 1 < groups.size() && random.chance(70)) {
    Json& into = groups[at];
    for (const char* list : {"nodes", "in_global_buffer", "pinned"})
      for (const Json& item : groups[at + 1][list]) into[list].push_back(item);
    groups.erase(at + 1);
    return "group " + std::to_string(at) + " takes the nodes of the next";
  }
  if (groups[at]["nodes"].size() < 2) return change_list(json, random);
  Json last = groups[at];
  last["name"] = last["name"].get<std::string>() + " divided";
  last["nodes"] = Json::array({groups[at]["nodes"].back()});
  last["in_global_buffer"] = Json::array();
  groups[at]["nodes"].erase(groups[at]["nodes"].size() - 1);
  groups.insert(groups.begin() + static_cast<std::ptrdiff_t>(at) + 1, last);
  return "the last node of group " + std::to_string(at) + " in a group of its own";
}

// A tensor of DRAM into a group's global buffer or into all across groups, one of a group's out of it, or an address
// onto another's.
std::string change_place(Json& json, Random& random) {
  Json& addresses = json["plan"]["dram_addresses"];
  std::vector<std::string> names;
  for (const auto& item : addresses.items()) names.push_back(item.key());
  const std::string name = one_of(names, random), other = one_of(names, random);
  Json& group =
      json["plan"]["groups"]
          [static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(json["plan"]["groups"].size()) - 1))];
  switch (random.between(0, 4)) {
    case 0:
      addresses.erase(name);
      group["in_global_buffer"].push_back(name);
      return name + " in the global buffer of group " + group["name"].dump();
    case 1:
      group["pinned"].push_back(name);
      return name + " pinned by group " + group["name"].dump();
    case 2:
      addresses[name] = addresses[other];
      return name + " at the address of " + other;
    case 3: {
      const std::int64_t address = 16 * random.between(0, 512);
      addresses.erase(name);
      json["plan"]["homes"].push_back(
          {{"tensor", name}, {"extent", group["extent"]}, {"chiplets", 0}, {"address", address}});
      return name + " at home at " + std::to_string(address);
    }
    default:
      if (group["in_global_buffer"].empty() || !group["in_global_buffer"].back().is_string())
        return change_number(json, random);
      addresses[group["in_global_buffer"].back().get<std::string>()] = std::int64_t{1} << 24;
      group["in_global_buffer"].erase(group["in_global_buffer"].size() - 1);
      return "the last tensor of group " + group["name"].dump() + " in DRAM";
  }
}

}  // namespace

std::string mutate_schedule(Json& json, Random& random) {
  const bool has_groups = !json["plan"]["groups"].empty();  // a mutation before this one may have taken them all
  switch (random.between(0, has_groups ? 6 : 4)) {
    case 0:
    case 1:
      return change_number(json, random);
    case 2:
      return exchange(json, random, true);
    case 3:
      return exchange(json, random, false);
    case 4:
      return change_list(json, random);
    case 5:
      return change_groups(json, random);
    default:
      return change_place(json, random);
  }
}

std::string mutate_image(std::vector<std::uint8_t>& image, Random& random) {
  const auto size = static_cast<std::int64_t>(image.size());
  const auto at = static_cast<std::size_t>(random.between(0, size - 1));
  const std::size_t run = std::min<std::size_t>(image.size() - at, static_cast<std::size_t>(random.between(1, 200)));
  switch (random.between(0, 3)) {
    case 0:
      image[at] ^= static_cast<std::uint8_t>(1 << random.between(0, 7));
      return "a bit of byte " + std::to_string(at);
    case 1:
      std::fill_n(image.begin() + static_cast<std::ptrdiff_t>(at), run,
                  static_cast<std::uint8_t>(random.between(0, 255)));
      return std::to_string(run) + " equal bytes from " + std::to_string(at);
    case 2: {  // blocks of the two halves, so that they never overlap
      const std::int64_t half = size / 2;
      const std::int64_t bytes = std::min<std::int64_t>(half, 64);
      const std::int64_t from = random.between(0, half - bytes), to = half + random.between(0, half - bytes);
      std::swap_ranges(image.begin() + from, image.begin() + from + bytes, image.begin() + to);
      return std::to_string(bytes) + " bytes at " + std::to_string(from) + " and " + std::to_string(to) + " exchanged";
    }
    default:
      image.resize(random.chance(50) ? at : image.size() + run);
      return "a length of " + std::to_string(image.size());
  }
}

}  // namespace heat::test_support
