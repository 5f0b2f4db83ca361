// Address -> (channel, rank, bank group, bank, row, column) by the bit lists of the configuration.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/dram/types.h"
#include "spec/dram_spec.h"

namespace heat::dram {

class AddressMapping {
 public:
  explicit AddressMapping(const spec::DramSpec& spec);

  struct Target {
    int channel = 0;
    Place place;
  };
  // Precondition: address < capacity.
  Target decode(std::uint64_t address) const {
    Parts sum;
    for (std::size_t i = 0; i < tables_.size(); ++i) sum ^= tables_[i][address >> 8 * i & 0xFF];
    Target t;
    t.channel = static_cast<int>(sum.channel);
    Place& p = t.place;
    p.rank = static_cast<std::int32_t>(sum.rank);
    p.bank_group = p.rank * groups_per_rank_ + static_cast<std::int32_t>(sum.bank_group);
    p.bank = p.bank_group * banks_per_group_ + static_cast<std::int32_t>(sum.bank);
    p.row = static_cast<std::int64_t>(sum.row);
    p.column = static_cast<std::int64_t>(sum.column);
    return t;
  }
  // The address of the first byte of an access; inverse of decode.
  std::uint64_t encode(const Target& target) const;

  std::uint64_t capacity_bytes() const { return capacity_; }
  int offset_bits() const { return offset_bits_; }

 private:
  // A field as runs of neighbouring bits, plus the exclusive-or sources.
  struct Field {
    struct Run {
      int shift, width, at;
    };
    struct Xor {
      int source, at;
    };
    std::vector<Run> runs;
    std::vector<Xor> xors;
    std::vector<int> primary;
    std::uint64_t take(std::uint64_t address) const {
      std::uint64_t value = 0;
      for (const Run& r : runs) value |= (address >> r.shift & ((std::uint64_t{1} << r.width) - 1)) << r.at;
      for (const Xor& x : xors) value ^= (address >> x.source & 1) << x.at;
      return value;
    }
  };
  // The fields of an address. All are exclusive ors of address bits, so those of an address are the exclusive or of
  // those of its bytes.
  struct Parts {
    std::uint16_t channel = 0, rank = 0, bank_group = 0, bank = 0;
    std::uint32_t row = 0, column = 0;
    void operator^=(const Parts& o) {
      channel = static_cast<std::uint16_t>(channel ^ o.channel);
      rank = static_cast<std::uint16_t>(rank ^ o.rank);
      bank_group = static_cast<std::uint16_t>(bank_group ^ o.bank_group);
      bank = static_cast<std::uint16_t>(bank ^ o.bank);
      row ^= o.row;
      column ^= o.column;
    }
  };
  Parts parts_of(std::uint64_t address) const;
  static Field make_field(const std::vector<spec::DramAddressBit>& bits);
  static std::uint64_t put(const Field& field, std::uint64_t value, std::uint64_t address);

  Field channel_, rank_, bank_group_, bank_, row_, column_;
  std::int32_t groups_per_rank_, banks_per_group_;
  bool one_row_;
  std::uint64_t capacity_;
  int offset_bits_ = 0;
  std::vector<std::array<Parts, 256>> tables_;  // by byte of the address, least significant first
};

}  // namespace heat::dram
