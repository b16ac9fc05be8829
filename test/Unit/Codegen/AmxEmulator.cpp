// Decodes and executes the int8 part of AMX in a handler of SIGILL.
//
// Follows Intel's Software Developer's Manual, volume 2: each instruction is
// VEX.128 in map 0F38, and none reads flags or raises faults of its own here.
// What it can't decode ends the program as before.
#include "AmxEmulator.h"

#if defined(__x86_64__) && defined(__linux__)

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace {

constexpr int kTiles = 8, kRows = 16, kRowBytes = 64;

/// The operand of ldtilecfg.
struct Config {
  uint8_t palette, startRow;
  uint8_t reserved[14];
  uint16_t rowBytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(Config) == 64, "as the manual says");

struct Tile {
  uint8_t bytes[kRows][kRowBytes];
};

/// What a thread's matrix unit holds.
struct State {
  Config config;
  std::array<Tile, kTiles> tiles;
};
thread_local State state;

/// The registers of an interrupted thread, by their numbers in instructions.
class Registers {
public:
  explicit Registers(void *context)
      : values(static_cast<ucontext_t *>(context)->uc_mcontext.gregs) {}

  uint64_t operator[](int number) const {
    static const int order[] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return static_cast<uint64_t>(values[order[number]]);
  }

  const uint8_t *next() const {
    return reinterpret_cast<const uint8_t *>(values[REG_RIP]);
  }
  void setNext(const uint8_t *code) {
    values[REG_RIP] = reinterpret_cast<greg_t>(code);
  }

private:
  greg_t *values;
};

/// One instruction: C4, inverted RXB and the map, W vvvv L pp, opcode, ModRM.
struct Instruction {
  enum Prefix { None, P66, PF3, PF2 };
  Prefix prefix = None;
  uint8_t opcode = 0;
  int mod = 0, reg = 0, rm = 0, vvvv = 0;
  uint64_t base = 0;  ///< of a memory operand, with its displacement
  uint64_t index = 0; ///< scaled: the distance of a tile's rows
  const uint8_t *end = nullptr;

  bool isMemory() const { return mod != 3; }
};

template <typename T> T readAt(const uint8_t *code) {
  T value;
  std::memcpy(&value, code, sizeof(T));
  return value;
}

/// Reads a SIB byte and displacement; `code` is behind ModRM.
void decodeMemory(const Registers &registers, const uint8_t *code, uint8_t vex,
                  Instruction &instruction) {
  int base = instruction.rm & 7, x = !(vex & 0x40), b = !(vex & 0x20);
  bool hasBase = true;
  if (base == 4) {
    uint8_t sib = *code++;
    int index = (sib >> 3 & 7) + 8 * x;
    if (index != 4)
      instruction.index = registers[index] << (sib >> 6);
    base = sib & 7;
    hasBase = base != 5 || instruction.mod != 0;
  } else if (base == 5 && instruction.mod == 0) {
    instruction.base =
        reinterpret_cast<uint64_t>(code + 4) +
        static_cast<uint64_t>(static_cast<int64_t>(readAt<int32_t>(code)));
    instruction.end = code + 4;
    return;
  }
  int64_t displacement = 0;
  if (instruction.mod == 1)
    displacement = static_cast<int8_t>(*code++);
  if (instruction.mod == 2 || !hasBase) {
    displacement = readAt<int32_t>(code);
    code += 4;
  }
  instruction.base = (hasBase ? registers[base + 8 * b] : 0) +
                     static_cast<uint64_t>(displacement);
  instruction.end = code;
}

bool decode(const Registers &registers, Instruction &instruction) {
  const uint8_t *code = registers.next();
  if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84) != 0)
    return false;
  uint8_t modrm = code[4];
  instruction.prefix = static_cast<Instruction::Prefix>(code[2] & 3);
  instruction.vvvv = ~code[2] >> 3 & 15;
  instruction.opcode = code[3];
  instruction.mod = modrm >> 6;
  instruction.reg = modrm >> 3 & 7;
  instruction.rm = modrm & 7;
  instruction.end = code + 5;
  if (instruction.isMemory())
    decodeMemory(registers, code + 5, code[1], instruction);
  return true;
}

int rowsOf(int tile) { return state.config.rows[tile]; }
int bytesOf(int tile) { return state.config.rowBytes[tile]; }

void clear(int tile) { std::memset(&state.tiles[tile], 0, sizeof(Tile)); }

/// Rows beyond the configured ones, and bytes beyond theirs, become zero.
void load(const Instruction &instruction) {
  clear(instruction.reg);
  for (int row = 0; row < rowsOf(instruction.reg); ++row)
    std::memcpy(
        state.tiles[instruction.reg].bytes[row],
        reinterpret_cast<const void *>(
            instruction.base + static_cast<uint64_t>(row) * instruction.index),
        bytesOf(instruction.reg));
}

void store(const Instruction &instruction) {
  for (int row = 0; row < rowsOf(instruction.reg); ++row)
    std::memcpy(
        reinterpret_cast<void *>(instruction.base + static_cast<uint64_t>(row) *
                                                        instruction.index),
        state.tiles[instruction.reg].bytes[row], bytesOf(instruction.reg));
}

/// c[m][n] += sum of four products of a[m][4k ...] and b[k][4n ...]
template <typename A, typename B> void multiply(int c, int a, int b) {
  const Tile x = state.tiles[a], w = state.tiles[b];
  for (int m = 0; m < rowsOf(c); ++m) {
    uint32_t sums[kRowBytes / 4];
    std::memcpy(sums, state.tiles[c].bytes[m], sizeof(sums));
    for (int k = 0; k < bytesOf(a); ++k)
      for (int n = 0; n < bytesOf(c) / 4; ++n)
        sums[n] += static_cast<uint32_t>(
            static_cast<A>(x.bytes[m][k]) *
            static_cast<B>(w.bytes[k / 4][4 * n + k % 4]));
    std::memcpy(state.tiles[c].bytes[m], sums, sizeof(sums));
  }
}

bool configure(const Instruction &instruction) {
  if (instruction.prefix == Instruction::None && !instruction.isMemory())
    state = State(); // tilerelease
  else if (instruction.prefix == Instruction::PF2 && !instruction.isMemory())
    clear(instruction.reg);
  else if (instruction.prefix == Instruction::None) {
    state = State();
    std::memcpy(&state.config, reinterpret_cast<const void *>(instruction.base),
                sizeof(Config));
  } else if (instruction.prefix == Instruction::P66 && instruction.isMemory())
    std::memcpy(reinterpret_cast<void *>(instruction.base), &state.config,
                sizeof(Config));
  else
    return false;
  return true;
}

/// Using a tile that has no shape is an illegal instruction.
bool hasShape(int tile) { return rowsOf(tile) != 0 && bytesOf(tile) != 0; }

bool execute(const Instruction &instruction) {
  int c = instruction.reg, a = instruction.rm, b = instruction.vvvv;
  if (instruction.opcode == 0x49)
    return configure(instruction);
  // Without a configuration, the CPU refuses as well.
  if (state.config.palette != 1 || !hasShape(c))
    return false;
  if (instruction.opcode == 0x4b && instruction.isMemory()) {
    if (instruction.prefix == Instruction::PF3)
      store(instruction);
    else
      load(instruction);
    return instruction.prefix != Instruction::None;
  }
  if (instruction.opcode != 0x5e || instruction.isMemory() || b >= kTiles ||
      !hasShape(a) || !hasShape(b))
    return false;
  switch (instruction.prefix) {
  case Instruction::PF2:
    multiply<int8_t, int8_t>(c, a, b);
    break;
  case Instruction::PF3:
    multiply<int8_t, uint8_t>(c, a, b);
    break;
  case Instruction::P66:
    multiply<uint8_t, int8_t>(c, a, b);
    break;
  case Instruction::None:
    multiply<uint8_t, uint8_t>(c, a, b);
    break;
  }
  return true;
}

void handle(int signal, siginfo_t *, void *context) {
  Registers registers(context);
  Instruction instruction;
  if (decode(registers, instruction) && execute(instruction))
    registers.setNext(instruction.end);
  else
    ::signal(signal, SIG_DFL); // and again, to its end
}

bool hasAmx() {
  uint32_t a = 7, b = 0, c = 0, d = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return d >> 25 & 1;
}

} // namespace

bitnet::test::Amx bitnet::test::enableAmx() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  if (hasAmx())
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0
               ? Amx::Native
               : Amx::Unavailable;
  struct sigaction action = {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  return sigaction(SIGILL, &action, nullptr) == 0 ? Amx::Emulated
                                                  : Amx::Unavailable;
}

#else

bitnet::test::Amx bitnet::test::enableAmx() { return Amx::Unavailable; }

#endif
