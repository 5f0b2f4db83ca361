// The contents of the DRAM: pages that exist once they are written; unwritten bytes read as zero.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace heat::dram {

class FunctionalMemory {
 public:
  void read(std::uint64_t address, unsigned char* out, std::size_t size) const;
  void write(std::uint64_t address, const unsigned char* data, std::size_t size);
  std::size_t pages() const { return pages_.size(); }

 private:
  static constexpr std::size_t kPageBytes = 4096;
  using Page = std::array<unsigned char, kPageBytes>;
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace heat::dram
