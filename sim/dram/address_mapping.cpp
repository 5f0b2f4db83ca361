// Neighbouring bits that stay neighbours are moved by one shift and mask; exclusive-or sources one by one.
#include "sim/dram/address_mapping.h"

namespace heat::dram {

AddressMapping::AddressMapping(const spec::DramSpec& spec)
    : channel_(make_field(spec.mapping.channel)),
      rank_(make_field(spec.mapping.rank)),
      bank_group_(make_field(spec.mapping.bank_group)),
      bank_(make_field(spec.mapping.bank)),
      row_(make_field(spec.mapping.row)),
      column_(make_field(spec.mapping.column)),
      groups_per_rank_(spec.organization.bank_groups),
      banks_per_group_(spec.organization.banks_per_group),
      one_row_(spec.one_row),
      capacity_(static_cast<std::uint64_t>(spec.organization.capacity_bytes())) {
  while ((std::int64_t{1} << offset_bits_) < spec.organization.access_bytes()) ++offset_bits_;
  for (int shift = 0; shift < 64 && (capacity_ - 1) >> shift != 0; shift += 8) {
    tables_.emplace_back();
    for (std::uint64_t byte = 0; byte < 256; ++byte) tables_.back()[byte] = parts_of(byte << shift);
  }
}

AddressMapping::Parts AddressMapping::parts_of(std::uint64_t address) const {
  Parts p;
  p.channel = static_cast<std::uint16_t>(channel_.take(address));
  p.rank = static_cast<std::uint16_t>(rank_.take(address));
  p.bank_group = static_cast<std::uint16_t>(bank_group_.take(address));
  p.bank = static_cast<std::uint16_t>(bank_.take(address));
  p.row = one_row_ ? 0 : static_cast<std::uint32_t>(row_.take(address));
  p.column = static_cast<std::uint32_t>(column_.take(address));
  return p;
}

AddressMapping::Field AddressMapping::make_field(const std::vector<spec::DramAddressBit>& bits) {
  Field field;
  for (int i = 0; i < static_cast<int>(bits.size()); ++i) {
    const spec::DramAddressBit& sources = bits[static_cast<std::size_t>(i)];
    const int bit = sources.front();
    field.primary.push_back(bit);
    if (!field.runs.empty() && field.runs.back().shift + field.runs.back().width == bit)
      ++field.runs.back().width;
    else
      field.runs.push_back({bit, 1, i});
    for (std::size_t s = 1; s < sources.size(); ++s) field.xors.push_back({sources[s], i});
  }
  return field;
}

std::uint64_t AddressMapping::put(const Field& field, std::uint64_t value, std::uint64_t address) {
  for (const auto& x : field.xors) value ^= (address >> x.source & 1) << x.at;
  for (std::size_t i = 0; i < field.primary.size(); ++i) address |= (value >> i & 1) << field.primary[i];
  return address;
}

std::uint64_t AddressMapping::encode(const Target& target) const {
  // Exclusive-or sources are row bits (validated), so the row goes first.
  std::uint64_t address = put(row_, static_cast<std::uint64_t>(target.place.row), 0);
  address = put(column_, static_cast<std::uint64_t>(target.place.column), address);
  address = put(bank_, static_cast<std::uint64_t>(target.place.bank % banks_per_group_), address);
  address = put(bank_group_, static_cast<std::uint64_t>(target.place.bank_group % groups_per_rank_), address);
  address = put(rank_, static_cast<std::uint64_t>(target.place.rank), address);
  return put(channel_, static_cast<std::uint64_t>(target.channel), address);
}

}  // namespace heat::dram
