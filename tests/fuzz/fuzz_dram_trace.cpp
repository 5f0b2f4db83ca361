// Any bytes are a trace or a TraceError.
#include "base/errors.h"
#include "sim/dram/trace_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  heat::dram::TraceReader reader(heat::dram::memory_byte_source(reinterpret_cast<const char*>(data), size), "fuzz");
  heat::dram::TraceRequest request;
  try {
    while (reader.next(request)) {
    }
  } catch (const heat::base::TraceError&) {
  }
  return 0;
}
