// The program beside this one takes over by execv: same arguments, same standard streams, its exit status is ours.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/errors.h"
#include "offline/cli/commands.h"

namespace heat::offline::cli {

int run_with_torch(int argc, char** argv) {
  const std::string program =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "heat-offline-torch").string();
  std::vector<char*> line{const_cast<char*>(program.c_str())};
  line.insert(line.end(), argv, argv + argc);
  line.push_back(nullptr);
  execv(program.c_str(), line.data());
  throw base::FileError("cannot execute '" + program + "': " + std::strerror(errno));
}

}  // namespace heat::offline::cli
