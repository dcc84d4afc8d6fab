#include "go_asm.h"
#include "textflag.h"

// What a match nearer than 16 bytes repeats: its first distance bytes, again
// and again, by a shuffle of 16 bytes. From there on it goes in steps of the
// largest multiple of the distance that 16 bytes hold.

#define REPEAT(distance, low, high) \
	DATA repeats<>+(16*distance)(SB)/8, $low; \
	DATA repeats<>+(16*distance+8)(SB)/8, $high

REPEAT(0, 0x0000000000000000, 0x0000000000000000)
REPEAT(1, 0x0000000000000000, 0x0000000000000000)
REPEAT(2, 0x0100010001000100, 0x0100010001000100)
REPEAT(3, 0x0100020100020100, 0x0002010002010002)
REPEAT(4, 0x0302010003020100, 0x0302010003020100)
REPEAT(5, 0x0201000403020100, 0x0004030201000403)
REPEAT(6, 0x0100050403020100, 0x0302010005040302)
REPEAT(7, 0x0006050403020100, 0x0100060504030201)
REPEAT(8, 0x0706050403020100, 0x0706050403020100)
REPEAT(9, 0x0706050403020100, 0x0605040302010008)
REPEAT(10, 0x0706050403020100, 0x0504030201000908)
REPEAT(11, 0x0706050403020100, 0x04030201000a0908)
REPEAT(12, 0x0706050403020100, 0x030201000b0a0908)
REPEAT(13, 0x0706050403020100, 0x0201000c0b0a0908)
REPEAT(14, 0x0706050403020100, 0x01000d0c0b0a0908)
REPEAT(15, 0x0706050403020100, 0x000e0d0c0b0a0908)
GLOBL repeats<>(SB), RODATA|NOPTR, $256

DATA steps<>+0(SB)/8, $0x0e0c0f100f101010
DATA steps<>+8(SB)/8, $0x0f0e0d0c0b0a0910
GLOBL steps<>(SB), RODATA|NOPTR, $16

// The registers:
//	SI  what is next of the input; R8 the last place where a turn may begin
//	DI  where the output goes on; R9 the last place where a turn may begin
//	BX  the bits at hand, CX how many count, in its lowest 6 bits
//	AX  the entry of the next symbol, which is looked up early
//	R13 the bits before those of the entry in AX were taken
//	R10 and R11 the tables, R12 where the output begins
//	DX  the length, then the end of a match
//	R14 and R15 are for the moment

// There are 56 bits or more afterwards. Whole bytes that were read in part are
// read again and give the same bits.
#define REFILL \
	MOVQ (SI), R14 \
	SHLXQ CX, R14, R14 \
	ORQ R14, BX \
	MOVL CX, R14 \
	SHRL $3, R14 \
	ANDL $7, R14 \
	SUBQ R14, SI \
	ADDQ $7, SI \
	ORL $56, CX

// LOOKUP sets AX to the entry of the next code, TAKE takes its bits.
#define LOOKUP(table, bits) \
	MOVL BX, AX \
	ANDL $((1<<bits)-1), AX \
	MOVL (table)(AX*4), AX

#define TAKE \
	MOVQ BX, R13 \
	SHRXQ AX, BX, BX \
	SUBL AX, CX

// SUBTABLE sets AX to the entry in the subtable that AX tells.
#define SUBTABLE(table, size) \
	MOVL AX, R15 \
	SHRL $8, R15 \
	ANDL $15, R15 \
	BZHIQ R15, BX, R15 \
	SHRL $16, AX \
	ANDL $0x7fff, AX \
	ADDL R15, AX \
	CMPL AX, $size \
	JAE corrupt \
	MOVL (table)(AX*4), AX

#define LITERAL \
	MOVL AX, R15 \
	SHRL $16, R15 \
	MOVB R15, (DI) \
	INCQ DI

// VALUE sets to, which may be R13, to the value of AX and the extra bits
// behind its code. AX is lost.
#define VALUE(to) \
	BZHIQ AX, R13, to \
	MOVL AX, R15 \
	SHRL $8, R15 \
	SHRXQ R15, to, to \
	SHRL $16, AX \
	ADDL AX, to

// func quickBMI2(q *quick) quickEnd
TEXT ·quickBMI2(SB), NOSPLIT, $0-16
	MOVQ q+0(FP), DX
	MOVQ quick_src(DX), R8
	MOVQ R8, SI
	ADDQ quick_in(DX), SI
	ADDQ quick_lastIn(DX), R8
	MOVQ quick_dst(DX), R12
	MOVQ R12, DI
	ADDQ quick_out(DX), DI
	MOVQ R12, R9
	ADDQ quick_lastOut(DX), R9
	ADDQ quick_floor(DX), R12
	MOVQ quick_buf(DX), BX
	MOVQ quick_n(DX), CX
	MOVQ quick_lit(DX), R10
	MOVQ quick_dist(DX), R11
	CMPQ SI, R8
	JHI margin
	REFILL
	LOOKUP(R10, const_litBits)

turn:
	// There are 56 bits. Two literals and a third or a length behind them take
	// 42, a distance 28 more.
	CMPQ SI, R8
	JHI margin
	CMPQ DI, R9
	JHI margin
	// Three matches of four come at once or behind one literal, without a
	// pattern: which of the two is no jump, which would be foretold wrongly, but
	// costs a lookup more for the former.
	SHRXQ AX, BX, R13
	MOVL R13, R14
	ANDL $((1<<const_litBits)-1), R14
	MOVL AX, R15
	SHRL $16, R15
	MOVB R15, (DI)
	MOVL (R10)(R14*4), R14
	MOVL AX, R15
	SHRL $31, R15
	ADDQ R15, DI
	XORL DX, DX
	TESTL AX, AX
	CMOVLLT AX, DX
	CMOVLLT R14, AX
	CMOVQLT R13, BX
	SUBL DX, CX
	TAKE
	TESTL AX, AX
	JGE noLiteral
	LITERAL
	LOOKUP(R10, const_litBits)
	TAKE
	TESTL AX, AX
	JGE noLiteral
lastLiteral:
	LITERAL
	LOOKUP(R10, const_litBits)
	REFILL
	JMP turn

noLiteral:
	TESTL $const_isSpecial, AX
	JNZ special
length:
	VALUE(DX)
	LOOKUP(R11, const_distBits)
	REFILL
	TESTL $const_isSpecial, AX
	JNZ specialDistance
distance:
	TAKE
	VALUE(R13)
	LOOKUP(R10, const_litBits)
	REFILL
	MOVQ DI, R15
	SUBQ R13, R15
	CMPQ R15, R12
	JCS corrupt
	ADDQ DI, DX
	CMPL R13, $16
	JCS near
	// Sixteen bytes at a time, beyond the end if need be: there is room, and
	// what comes next is written over it. Few matches are longer than 32.
	MOVOU (R15), X0
	MOVOU X0, (DI)
	MOVOU 16(R15), X0
	MOVOU X0, 16(DI)
	ADDQ $32, DI
	CMPQ DI, DX
	JCC copied
far:
	MOVOU 32(R15), X0
	MOVOU X0, (DI)
	ADDQ $16, R15
	ADDQ $16, DI
	CMPQ DI, DX
	JCS far
copied:
	MOVQ DX, DI
	JMP turn

near:
	MOVOU (R15), X0
	LEAQ steps<>(SB), R14
	MOVBLZX (R14)(R13*1), R15
	SHLL $4, R13
	LEAQ repeats<>(SB), R14
	MOVOU (R14)(R13*1), X1
	PSHUFB X1, X0
again:
	MOVOU X0, (DI)
	ADDQ R15, DI
	CMPQ DI, DX
	JCS again
	MOVQ DX, DI
	JMP turn

special:
	TESTL $const_isTable, AX
	JZ end
	SUBTABLE(R10, const_litSize)
	TAKE
	TESTL AX, AX
	JLT lastLiteral
	TESTL $const_isSpecial, AX
	JZ length
end:
	TESTL $const_isEnd, AX
	JZ corrupt
	MOVQ $const_quickDone, AX
	JMP return

specialDistance:
	TESTL $const_isTable, AX
	JZ corrupt
	SHRXQ AX, BX, BX
	SUBL AX, CX
	SUBTABLE(R11, const_distSize)
	TESTL $const_isSpecial, AX
	JZ distance
corrupt:
	MOVQ $const_quickCorrupt, AX
	JMP return

margin:
	MOVQ $const_quickMargin, AX

return:
	MOVQ AX, ret+8(FP)
	MOVQ q+0(FP), DX
	SUBQ quick_src(DX), SI
	MOVQ SI, quick_in(DX)
	SUBQ quick_dst(DX), DI
	MOVQ DI, quick_out(DX)
	MOVQ BX, quick_buf(DX)
	ANDL $63, CX
	MOVQ CX, quick_n(DX)
	RET
