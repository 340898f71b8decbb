using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

/// <summary>What crossing to C costs, by the cheapest function of the library (10 ns of C), and what the memory and randomness around it cost.</summary>
public partial class InteropBenchmarks
{
    private readonly byte[] _secret = [.. Enumerable.Repeat((byte)1, 32)];
    private readonly byte[] _random = new byte[32];

    [GlobalSetup]
    public void Setup() => Secp256k1Library.EnsureReady();

    [Benchmark(Baseline = true)]
    public int Call() => SeckeyVerify(NativeContextPointer, _secret);

    /// <summary>Only to show that it gains nothing; the binding does not use it, as calls into the library take up to milliseconds.</summary>
    [Benchmark]
    public int CallWithoutGCTransition() => SeckeyVerifyWithoutTransition(NativeContextPointer, _secret);

    [Benchmark]
    public void LockedSlot() => SecretBytes.Allocate(32).Dispose();

    [Benchmark]
    public void RandomOf32Bytes() => SecureRandom.Fill(_random);

    [Benchmark]
    public byte[] TaggedHashOf64Bytes() => TaggedHash.Compute("KeyMeld/benchmark", _secret, _random);

    private static nint NativeContextPointer => KeyMeld.Secp256k1.Interop.NativeContext.Pointer;

    [LibraryImport("secp256k1", EntryPoint = "secp256k1_ec_seckey_verify")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int SeckeyVerify(nint context, ReadOnlySpan<byte> seckey);

    [LibraryImport("secp256k1", EntryPoint = "secp256k1_ec_seckey_verify")]
    [SuppressGCTransition]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int SeckeyVerifyWithoutTransition(nint context, ReadOnlySpan<byte> seckey);
}
