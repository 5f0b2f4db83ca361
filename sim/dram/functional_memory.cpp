// Both directions go page by page.
#include "sim/dram/functional_memory.h"

#include <algorithm>
#include <cstring>

namespace heat::dram {

void FunctionalMemory::read(std::uint64_t address, unsigned char* out, std::size_t size) const {
  while (size > 0) {
    const std::size_t at = address % kPageBytes;
    const std::size_t n = std::min(size, kPageBytes - at);
    const auto found = pages_.find(address / kPageBytes);
    if (found == pages_.end())
      std::memset(out, 0, n);
    else
      std::memcpy(out, found->second->data() + at, n);
    address += n;
    out += n;
    size -= n;
  }
}

void FunctionalMemory::write(std::uint64_t address, const unsigned char* data, std::size_t size) {
  while (size > 0) {
    const std::size_t at = address % kPageBytes;
    const std::size_t n = std::min(size, kPageBytes - at);
    std::unique_ptr<Page>& page = pages_[address / kPageBytes];
    if (!page) page = std::make_unique<Page>(Page{});
    std::memcpy(page->data() + at, data, n);
    address += n;
    data += n;
    size -= n;
  }
}

}  // namespace heat::dram
