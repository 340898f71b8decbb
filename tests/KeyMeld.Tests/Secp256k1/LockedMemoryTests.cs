using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>These look at memory after it was given back, so no other test may take it meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class UndisturbedMemory
{
    internal const string Name = "locked memory";
}

[Collection(UndisturbedMemory.Name)]
public unsafe class LockedMemoryTests
{
    private static readonly byte[] s_digest = new byte[32];

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(132)]
    [InlineData(4096)]
    public void Disposed_bytes_are_wiped(int length)
    {
        using var keepsTheArena = SecretBytes.Allocate(length);
        var secret = SecretBytes.Random(length);
        var pointer = Pointer(secret);
        secret.Writable[^1] |= 1;
        secret.Dispose();
        Assert.False(new ReadOnlySpan<byte>((void*)pointer, length).ContainsAnyExcept((byte)0));
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => secret.Writable.Length);
    }

    [Fact]
    public void Forgotten_bytes_are_wiped_by_the_finalizer()
    {
        using var keepsTheArena = SecretBytes.Allocate(32);
        var pointer = Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(new ReadOnlySpan<byte>((void*)pointer, 32).ContainsAnyExcept((byte)0));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static nint Forget() => Pointer(SecretBytes.Random(32));
    }

    [Fact]
    public void A_disposed_key_leaves_neither_scalar_nor_keypair()
    {
        using var keepsTheArenas = SecretKey.Generate();
        var key = SecretKey.Generate();
        var (scalar, keypair) = (key.Scalar.DangerousGetHandle(), key.Keypair.DangerousGetHandle());
        Assert.True(new ReadOnlySpan<byte>((void*)scalar, NativeSecretSize.Scalar).ContainsAnyExcept((byte)0));
        key.Dispose();
        Assert.False(new ReadOnlySpan<byte>((void*)scalar, NativeSecretSize.Scalar).ContainsAnyExcept((byte)0));
        Assert.False(new ReadOnlySpan<byte>((void*)keypair, NativeSecretSize.Keypair).ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData("sign")]
    [InlineData("fail to sign")]
    [InlineData("dispose")]
    public void A_used_nonce_is_wiped_whatever_happened(string end)
    {
        using var group = new SigningGroup(2);
        var (session, nonces) = group.Start(s_digest);
        var nonce = HandleOf(nonces[0])!.DangerousGetHandle();
        Assert.True(new ReadOnlySpan<byte>((void*)nonce, NativeSecretSize.SecretNonce).ContainsAnyExcept((byte)0));
        if (end == "sign")
            session.Sign(nonces[0], group.Keys[0]);
        else if (end == "dispose")
            nonces[0].Dispose();
        else
            Assert.ThrowsAny<Exception>(() => session.Sign(nonces[0], group.Keys[1]));
        Assert.False(new ReadOnlySpan<byte>((void*)nonce, NativeSecretSize.SecretNonce).ContainsAnyExcept((byte)0));
        nonces[1].Dispose();
    }

    [Fact]
    public void The_pages_are_locked_not_dumped_and_wiped_on_fork_with_an_unreadable_page_on_both_sides()
    {
        foreach (var length in new[] { 32, 132, 100_000 })
        {
            using var secret = SecretBytes.Random(length);
            var mappings = Mappings();
            var index = mappings.FindIndex(mapping => mapping.Start <= Pointer(secret) && Pointer(secret) < mapping.End);
            Assert.Equal("rw-p", mappings[index].Permissions);
            Assert.Superset(new HashSet<string> { "lo", "dd", "wf" }, mappings[index].Flags);
            Assert.Equal((mappings[index].Start, "---p"), (mappings[index - 1].End, mappings[index - 1].Permissions));
            Assert.Equal((mappings[index].End, "---p"), (mappings[index + 1].Start, mappings[index + 1].Permissions));
        }
    }

    [Fact]
    public void Slots_do_not_overlap_and_are_zero_when_taken_again()
    {
        var secrets = Enumerable.Range(0, 5000).Select(_ => SecretBytes.Allocate(132)).ToArray();
        Assert.All(secrets, secret => Assert.False(secret.Span.ContainsAnyExcept((byte)0)));
        for (var i = 0; i < secrets.Length; i++)
            secrets[i].Writable.Fill((byte)(i % 251));
        for (var i = 0; i < secrets.Length; i++)
            Assert.False(secrets[i].Span.ContainsAnyExcept((byte)(i % 251)));
        Assert.All(secrets, secret => secret.Dispose());
        using var again = SecretBytes.Allocate(132);
        Assert.False(again.Span.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void What_cannot_be_locked_is_refused_with_the_limit_to_raise()
    {
        SecureMemoryException? exception = null;
        WithoutCapabilities(() =>
        {
            Assert.Equal(0, Libc.getrlimit(Libc.RLIMIT_MEMLOCK, out var limit));
            if (limit.Maximum > 256 * 1024 * 1024)
            {
                limit.Current = limit.Maximum = 256 * 1024 * 1024;
                Assert.Equal(0, Libc.setrlimit(Libc.RLIMIT_MEMLOCK, limit));
            }
            exception = Assert.Throws<SecureMemoryException>(() => SecretBytes.Allocate((int)limit.Maximum + 1));
        });
        Assert.Contains("ulimit -l", exception?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_soft_limit_below_the_hard_one_is_raised()
    {
        var done = false;
        WithoutCapabilities(() =>
        {
            Assert.Equal(0, Libc.getrlimit(Libc.RLIMIT_MEMLOCK, out var limit));
            limit.Current = 0;
            Assert.Equal(0, Libc.setrlimit(Libc.RLIMIT_MEMLOCK, limit));
            using var secret = SecretBytes.Allocate(100_000);
            done = true;
        });
        Assert.True(done);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void No_bytes_are_no_secret(int length) => Assert.Throws<ArgumentOutOfRangeException>(() => SecretBytes.Allocate(length));

    [Fact]
    public void Copies_are_equal_in_content_and_independent()
    {
        byte[] source = [1, 2, 3];
        using var secret = SecretBytes.CopyFrom(source);
        using var same = SecretBytes.CopyFrom(source);
        using var longer = SecretBytes.CopyFrom([1, 2, 3, 0]);
        source[0] = 9;
        Assert.Equal([1, 2, 3], secret.Span.ToArray());
        Assert.True(secret.FixedTimeEquals(same));
        Assert.False(secret.FixedTimeEquals(longer));
        same.Writable[2] = 4;
        Assert.False(secret.FixedTimeEquals(same));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_handle")]
    private static extern ref SecretNonceHandle? HandleOf(SecretNonce nonce);

    private static nint Pointer(SecretBytes secret) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(secret.Span));

    private static List<(nint Start, nint End, string Permissions, HashSet<string> Flags)> Mappings()
    {
        var mappings = new List<(nint Start, nint End, string Permissions, HashSet<string> Flags)>();
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "VmFlags:")
            {
                mappings[^1].Flags.UnionWith(words[1..]);
            }
            else if (!words[0].EndsWith(':'))
            {
                var range = words[0].Split('-');
                mappings.Add((Address(range[0]), Address(range[1]), words[1], []));
            }
        }
        return mappings;

        static nint Address(string hex) => unchecked((nint)ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    // The right to lock without a limit belongs to a thread: one of its own gives it up with capset(2), version 3, all sets empty.
    private static void WithoutCapabilities(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            ReadOnlySpan<uint> header = [0x20080522, 0];
            ReadOnlySpan<uint> none = [0, 0, 0, 0, 0, 0];
            try
            {
                fixed (uint* h = header, n = none)
                    Assert.Equal(0, capset(h, n));
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int capset(uint* header, uint* data);
}
