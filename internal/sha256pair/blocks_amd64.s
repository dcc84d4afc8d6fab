#include "textflag.h"

// The constants of section 4.2.2.
DATA rounds<>+0(SB)/8, $0x71374491428a2f98
DATA rounds<>+8(SB)/8, $0xe9b5dba5b5c0fbcf
DATA rounds<>+16(SB)/8, $0x59f111f13956c25b
DATA rounds<>+24(SB)/8, $0xab1c5ed5923f82a4
DATA rounds<>+32(SB)/8, $0x12835b01d807aa98
DATA rounds<>+40(SB)/8, $0x550c7dc3243185be
DATA rounds<>+48(SB)/8, $0x80deb1fe72be5d74
DATA rounds<>+56(SB)/8, $0xc19bf1749bdc06a7
DATA rounds<>+64(SB)/8, $0xefbe4786e49b69c1
DATA rounds<>+72(SB)/8, $0x240ca1cc0fc19dc6
DATA rounds<>+80(SB)/8, $0x4a7484aa2de92c6f
DATA rounds<>+88(SB)/8, $0x76f988da5cb0a9dc
DATA rounds<>+96(SB)/8, $0xa831c66d983e5152
DATA rounds<>+104(SB)/8, $0xbf597fc7b00327c8
DATA rounds<>+112(SB)/8, $0xd5a79147c6e00bf3
DATA rounds<>+120(SB)/8, $0x1429296706ca6351
DATA rounds<>+128(SB)/8, $0x2e1b213827b70a85
DATA rounds<>+136(SB)/8, $0x53380d134d2c6dfc
DATA rounds<>+144(SB)/8, $0x766a0abb650a7354
DATA rounds<>+152(SB)/8, $0x92722c8581c2c92e
DATA rounds<>+160(SB)/8, $0xa81a664ba2bfe8a1
DATA rounds<>+168(SB)/8, $0xc76c51a3c24b8b70
DATA rounds<>+176(SB)/8, $0xd6990624d192e819
DATA rounds<>+184(SB)/8, $0x106aa070f40e3585
DATA rounds<>+192(SB)/8, $0x1e376c0819a4c116
DATA rounds<>+200(SB)/8, $0x34b0bcb52748774c
DATA rounds<>+208(SB)/8, $0x4ed8aa4a391c0cb3
DATA rounds<>+216(SB)/8, $0x682e6ff35b9cca4f
DATA rounds<>+224(SB)/8, $0x78a5636f748f82ee
DATA rounds<>+232(SB)/8, $0x8cc7020884c87814
DATA rounds<>+240(SB)/8, $0xa4506ceb90befffa
DATA rounds<>+248(SB)/8, $0xc67178f2bef9a3f7
GLOBL rounds<>(SB), RODATA|NOPTR, $256

// The bytes of a word come in the other order.
DATA swap<>+0(SB)/8, $0x0405060700010203
DATA swap<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL swap<>(SB), RODATA|NOPTR, $16

// The registers:
//	X1 and X2    a, b, e, f and c, d, g, h of the first message
//	X3 and X4    those of the second
//	X5 to X8     the last 16 words of the message schedule of the first
//	X9 to X12    those of the second
//	X0           the words and constants of the next rounds, for the instruction
//	X13          for the moment
//	X15          the order of bytes
//	SI, DI, CX   the two messages, and how many blocks are left
//	AX           the constants

// LOAD sets w to four words of the block at from.
#define LOAD(from, at, w) \
	MOVOU at(from), w \
	PSHUFB X15, w

// NEXT makes the next four words of the schedule (section 6.2.2, step 1) of the
// last 16, from the oldest ones in w on, which they replace.
#define NEXT(w, x, y, z) \
	SHA256MSG1 x, w \
	MOVO z, X13 \
	PALIGNR $4, y, X13 \
	PADDD X13, w \
	SHA256MSG2 z, w

// ROUNDS does four rounds (step 3) with the words w. The instruction does two,
// and leaves in the second register what the first must be for the next two.
#define ROUNDS(at, w, abef, cdgh) \
	MOVOU at(AX), X0 \
	PADDD w, X0 \
	SHA256RNDS2 X0, abef, cdgh \
	PSHUFD $0x0e, X0, X0 \
	SHA256RNDS2 X0, cdgh, abef

#define LOAD1(at, k, w) \
	LOAD(SI, at, w) \
	ROUNDS(k, w, X1, X2)

#define LOAD2(at, k, w, v) \
	LOAD(SI, at, w) \
	LOAD(DI, at, v) \
	ROUNDS(k, w, X1, X2) \
	ROUNDS(k, v, X3, X4)

#define NEXT1(k, w, x, y, z) \
	NEXT(w, x, y, z) \
	ROUNDS(k, w, X1, X2)

#define NEXT2(k, w, x, y, z, s, t, u, v) \
	NEXT(w, x, y, z) \
	NEXT(s, t, u, v) \
	ROUNDS(k, w, X1, X2) \
	ROUNDS(k, s, X3, X4)

#define ADD(from, w) \
	MOVOU from, X13 \
	PADDD X13, w

// func hasSHA() bool
TEXT ·hasSHA(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	XORL AX, AX
	XORL CX, CX
	CPUID
	CMPL AX, $7
	JCS no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	SHRL $29, BX
	ANDL $1, BX
	MOVB BX, ret+0(FP)
no:
	RET

// func blocksOne(s *state, from *byte, n int)
TEXT ·blocksOne(SB), NOSPLIT, $32-24
	MOVQ s+0(FP), DX
	MOVQ from+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ rounds<>(SB), AX
	MOVOU swap<>(SB), X15
	MOVOU 0(DX), X1
	MOVOU 16(DX), X2
block:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	LOAD1(0, 0, X5)
	LOAD1(16, 16, X6)
	LOAD1(32, 32, X7)
	LOAD1(48, 48, X8)
	NEXT1(64, X5, X6, X7, X8)
	NEXT1(80, X6, X7, X8, X5)
	NEXT1(96, X7, X8, X5, X6)
	NEXT1(112, X8, X5, X6, X7)
	NEXT1(128, X5, X6, X7, X8)
	NEXT1(144, X6, X7, X8, X5)
	NEXT1(160, X7, X8, X5, X6)
	NEXT1(176, X8, X5, X6, X7)
	NEXT1(192, X5, X6, X7, X8)
	NEXT1(208, X6, X7, X8, X5)
	NEXT1(224, X7, X8, X5, X6)
	NEXT1(240, X8, X5, X6, X7)
	ADD(0(SP), X1)
	ADD(16(SP), X2)
	ADDQ $64, SI
	DECQ CX
	JNZ block
	MOVOU X1, 0(DX)
	MOVOU X2, 16(DX)
	RET

// func blocksTwo(s, t *state, from, other *byte, n int)
TEXT ·blocksTwo(SB), NOSPLIT, $64-40
	MOVQ s+0(FP), DX
	MOVQ t+8(FP), BX
	MOVQ from+16(FP), SI
	MOVQ other+24(FP), DI
	MOVQ n+32(FP), CX
	LEAQ rounds<>(SB), AX
	MOVOU swap<>(SB), X15
	MOVOU 0(DX), X1
	MOVOU 16(DX), X2
	MOVOU 0(BX), X3
	MOVOU 16(BX), X4
block:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X3, 32(SP)
	MOVOU X4, 48(SP)
	LOAD2(0, 0, X5, X9)
	LOAD2(16, 16, X6, X10)
	LOAD2(32, 32, X7, X11)
	LOAD2(48, 48, X8, X12)
	NEXT2(64, X5, X6, X7, X8, X9, X10, X11, X12)
	NEXT2(80, X6, X7, X8, X5, X10, X11, X12, X9)
	NEXT2(96, X7, X8, X5, X6, X11, X12, X9, X10)
	NEXT2(112, X8, X5, X6, X7, X12, X9, X10, X11)
	NEXT2(128, X5, X6, X7, X8, X9, X10, X11, X12)
	NEXT2(144, X6, X7, X8, X5, X10, X11, X12, X9)
	NEXT2(160, X7, X8, X5, X6, X11, X12, X9, X10)
	NEXT2(176, X8, X5, X6, X7, X12, X9, X10, X11)
	NEXT2(192, X5, X6, X7, X8, X9, X10, X11, X12)
	NEXT2(208, X6, X7, X8, X5, X10, X11, X12, X9)
	NEXT2(224, X7, X8, X5, X6, X11, X12, X9, X10)
	NEXT2(240, X8, X5, X6, X7, X12, X9, X10, X11)
	ADD(0(SP), X1)
	ADD(16(SP), X2)
	ADD(32(SP), X3)
	ADD(48(SP), X4)
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ CX
	JNZ block
	MOVOU X1, 0(DX)
	MOVOU X2, 16(DX)
	MOVOU X3, 0(BX)
	MOVOU X4, 16(BX)
	RET
