// The only place where exceptions become exit codes.
#include "spec/program.h"

#include <exception>
#include <iostream>

#include "spec/errors.h"

namespace heat::spec {

std::string version_line(const std::string& program) {
  return program + " " HEAT_VERSION;
}

int run_program(const std::string& program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& e) {
    std::cerr << program << ": error: " << e.what() << std::endl;
    return e.exit_code();
  } catch (const std::exception& e) {
    std::cerr << program << ": internal error: " << e.what() << std::endl;
    return kFailed;
  }
}

}  // namespace heat::spec
