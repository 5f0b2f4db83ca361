// The only place that names the machines. One kind so far: every architecture file describes a Simba array.
#include "machines/make_machine.h"

#include "machines/simba/machine.h"

namespace heat::machines {

std::unique_ptr<Machine> make_machine(const spec::ArchSpec& arch, const spec::EnergyTable& energy,
                                      const Calibration& calibration) {
  return std::make_unique<simba::Machine>(arch, energy, calibration);
}

}  // namespace heat::machines
