// See WriteWeights.h.
//
// A linker would read and write a gigabyte that it has no question about. So
// the program is linked without its weights, and gets them as one more segment:
// in the place of PT_NOTE, which nobody needs and which comes after the others,
// as segments must be in the order of their addresses.
#include "bitnet/Target/WriteWeights.h"

#include "bitnet/Runtime/WeightsHeader.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using bitnet::WeightPart;

/// The largest page of our targets: 64 KiB, on aarch64.
static constexpr uint64_t kPage = 65536;

/// The program headers of a 64-bit ELF file.
static MutableArrayRef<ELF::Elf64_Phdr>
getSegments(MutableArrayRef<char> file) {
  auto *header = reinterpret_cast<ELF::Elf64_Ehdr *>(file.data());
  auto *first =
      reinterpret_cast<ELF::Elf64_Phdr *>(file.data() + header->e_phoff);
  return {first, header->e_phnum};
}

/// Where the file's first byte is loaded: not at 0 in a static program.
static uint64_t getBase(ArrayRef<ELF::Elf64_Phdr> segments) {
  for (const ELF::Elf64_Phdr &segment : segments)
    if (segment.p_type == ELF::PT_LOAD)
      return segment.p_vaddr - segment.p_offset;
  llvm_unreachable("a program without segments");
}

/// The last note. Those that follow it are not loaded.
static ELF::Elf64_Phdr &findNote(MutableArrayRef<ELF::Elf64_Phdr> segments) {
  for (ELF::Elf64_Phdr &segment : llvm::reverse(segments)) {
    if (segment.p_type == ELF::PT_NOTE)
      return segment;
    assert(segment.p_type != ELF::PT_LOAD && "lld writes notes last");
  }
  llvm_unreachable("a program without a build id");
}

/// The end of what is loaded.
static uint64_t getEnd(ArrayRef<ELF::Elf64_Phdr> segments) {
  uint64_t end = 0;
  for (const ELF::Elf64_Phdr &segment : segments)
    if (segment.p_type == ELF::PT_LOAD)
      end = std::max(end, segment.p_vaddr + segment.p_memsz);
  return end;
}

void bitnet::writeWithWeights(StringRef linked, ArrayRef<WeightPart> parts,
                              raw_ostream &os) {
  if (parts.empty()) {
    os << linked;
    return;
  }
  std::vector<char> program(linked.begin(), linked.end());
  MutableArrayRef<ELF::Elf64_Phdr> segments = getSegments(program);
  uint64_t address = getBase(segments) + kWeightsAddress;
  assert(getEnd(segments) <= address && "code without weights is small");
  (void)getEnd;
  ELF::Elf64_Phdr &weights = findNote(segments);
  weights.p_type = ELF::PT_LOAD;
  weights.p_flags = ELF::PF_R;
  weights.p_offset = alignTo(program.size(), kPage);
  weights.p_vaddr = weights.p_paddr = address;
  weights.p_filesz = weights.p_memsz = getBlockSize(parts);
  weights.p_align = kPage;
  uint64_t gap = weights.p_offset - program.size();
  os.write(program.data(), program.size());
  os.write_zeros(gap);
  writeBlock(parts, os);
}

void bitnet::writeWeightsFile(ArrayRef<WeightPart> parts, raw_ostream &os) {
  bitnet_weights_header header = {};
  std::memcpy(header.magic, BITNET_WEIGHTS_MAGIC, sizeof(header.magic));
  header.version = BITNET_WEIGHTS_VERSION;
  header.offset = sizeof(header);
  header.size = getBlockSize(parts);
  header.hash = hashBlock(parts);
  os.write(reinterpret_cast<const char *>(&header), sizeof(header));
  writeBlock(parts, os);
}
