using System.Security.Cryptography;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>The stores of one database, opened again after a stop as often as a test wants.</summary>
internal interface IStores : IAsyncDisposable
{
    ISealedKeyStore SealedKeys { get; }

    IGroupStore Groups { get; }

    ISigningStore Signings { get; }

    IKeyStore Keys { get; }

    IReplayStore Replay { get; }

    IOverviewStore Overview { get; }

    /// <summary>The stores of another gateway on the same database, where there can be one; else other stores of this one.</summary>
    Task<IStores> BesideAsync();

    /// <summary>Lets time pass for what is stored, by the clock that leases go by.</summary>
    Task PassAsync(TimeSpan time);

    /// <summary>Closes the database and opens it again.</summary>
    Task RestartAsync();
}

/// <summary>What every store has to do, whatever database is behind it.</summary>
public abstract partial class StoreContract
{
    private protected abstract Task<IStores> OpenAsync();

    internal static byte[] Bytes(int count, byte seed = 0)
    {
        var bytes = RandomNumberGenerator.GetBytes(count);
        bytes[0] = seed;
        return bytes;
    }

    private protected static Hash32 Hash() => new(Bytes(32, 1));

    private protected static Id16 Id() => new(Bytes(16, 1));

    private protected static StoredStatement Statement(int signatures = 1) => new(Bytes(100), Bytes(64 * signatures));
}
