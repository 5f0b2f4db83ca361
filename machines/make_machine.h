// The machine that an architecture file describes.
#pragma once

#include <memory>

#include "machines/machine.h"

namespace heat::machines {

// `arch` and `energy` must outlive the machine.
std::unique_ptr<Machine> make_machine(const spec::ArchSpec& arch, const spec::EnergyTable& energy,
                                      const Calibration& calibration = {});

}  // namespace heat::machines
