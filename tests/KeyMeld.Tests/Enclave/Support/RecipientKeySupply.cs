using System.Security.Cryptography;
using KeyMeld.Enclave.Sealing.Cms;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>RSA keys made once and handed out in turn: making them is most of what a restart costs, and hundreds of restarts are tested.</summary>
internal static class RecipientKeySupply
{
    private const int Count = 8;

    private static readonly Lazy<byte[][]> Keys = new(() => [.. Enumerable.Range(0, Count).Select(_ =>
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportPkcs8PrivateKey();
    })]);

    private static int s_next;

    public static Func<RecipientKey> Take { get; } = () =>
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Keys.Value[(uint)Interlocked.Increment(ref s_next) % Count], out _);
        return new RecipientKey(rsa);
    };
}
