using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>Keys of one owner: statements as they were signed, secrets as they were sealed. Every change is one transaction.</summary>
internal interface IKeyStore
{
    /// <summary>Adds a key, unless its statement, or another of the same auth under the same key id, is there, erased ones included.</summary>
    /// <param name="most">How many keys one auth may have.</param>
    Task<AddedKey> AddAsync(NewKey key, int most);

    ValueTask<KeyRecord?> FindAsync(Hash32 key);

    /// <summary>The key of an auth with this id, erased or not.</summary>
    ValueTask<Hash32?> FindByIdAsync(ReadOnlyMemory<byte> auth, Id16 id);

    /// <summary>The keys of an auth that are not erased, oldest first.</summary>
    ValueTask<ImmutableArray<KeyRecord>> ListAsync(ReadOnlyMemory<byte> auth);

    /// <summary>The ciphertext goes, with the statement; hashes and the public authorisation key stay. False when it is not there (any more).</summary>
    /// <param name="statement">Hash of the statement that asked for it.</param>
    Task<bool> EraseAsync(Hash32 key, Hash32 statement);
}

internal enum AddedKey
{
    Added,
    Repeated,
    Taken,
    TooMany,
}

/// <param name="Sealed">What the enclave opens to sign.</param>
/// <param name="Answer">The enclave's answer, encrypted for the owner.</param>
internal sealed record NewKey(Hash32 Hash, byte[] Auth, Id16 Id, long Created, StoredStatement Statement, byte[] Sealed, byte[] Answer);

/// <param name="Statement">Null, like sealed key and answer, once erased.</param>
/// <param name="EraseStatement">Hash of the statement that erased it.</param>
internal sealed record KeyRecord(Hash32 Hash, byte[] Auth, StoredStatement? Statement, byte[]? Sealed, byte[]? Answer, Hash32? EraseStatement)
{
    public bool IsErased => EraseStatement is not null;
}
