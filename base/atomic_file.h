// Files are written whole or not at all: to a temporary name beside the target, flushed, then renamed.
#pragma once

#include <string>
#include <string_view>

namespace heat::base {

// Replaces `path` by `content`. Creates missing parent folders. Throws FileError with the path and the system's reason.
void write_file_atomically(const std::string& path, std::string_view content);

// The temporary name a writer that streams should use beside `path` before it calls commit_file.
std::string temporary_name(const std::string& path);

// Flushes `temporary` to disk and renames it to `path`. Throws FileError.
void commit_file(const std::string& temporary, const std::string& path);

// The whole file. Throws FileError with the path and the system's reason.
std::string read_file(const std::string& path);

}  // namespace heat::base
