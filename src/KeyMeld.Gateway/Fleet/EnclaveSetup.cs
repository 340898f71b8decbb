using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>
/// Brings one enclave up (protocol.md sections 3 and 4): status, comparison, Configure with every sealed row, again when there are others, and in development the very first key.
/// It never repeats by itself; the link does.
/// </summary>
internal sealed class EnclaveSetup(uint id, EnclaveCalls calls, ISealedKeyStore store, GatewaySettings settings, CredentialKeeper credentials)
{
    private const uint FirstEpoch = 1;
    private ByteString? _configuredBoot;
    private ImmutableArray<SealedKeyRow> _handedRows = [];

    /// <summary>Whether the database has other rows than the enclave was last handed: somebody repaired them, or an operator had a new epoch made or all sealed anew.</summary>
    public async ValueTask<bool> RowsChangedAsync()
    {
        try
        {
            return !(await store.ReadAsync(id)).Rows.SequenceEqual(_handedRows);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            return false;
        }
    }

    /// <exception cref="KeyMeldException">A call failed: unreachable, or refused with the enclave's own code.</exception>
    public async Task<EnclaveView> RunAsync(CancellationToken cancellationToken)
    {
        var status = await calls.GetStatusAsync(cancellationToken);
        if (KmsComparison.Difference(settings, status) is { } difference)
        {
            return Locked(status, ErrorCodes.KmsConfigMismatch, difference);
        }
        if (status.HasEnclaveId && status.EnclaveId != id)
        {
            return Locked(status, ErrorCodes.EnclaveConfigured, $"It was configured as enclave {status.EnclaveId}; restart it, or correct the configuration.");
        }
        if (status.State == EnclaveStatus.Types.State.Ready && status.Boot == _configuredBoot && !await RowsChangedAsync())
        {
            return new EnclaveView(id, new EnclaveCondition.Ready(), status);
        }
        return await ConfigureAsync(cancellationToken);
    }

    private async Task<EnclaveView> ConfigureAsync(CancellationToken cancellationToken)
    {
        SealedKeys? keys = null;
        var rowsError = "";
        try
        {
            keys = await store.ReadAsync(id);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            rowsError = exception.Message;
        }
        var status = await ConfigureAsync(keys, rowsError, cancellationToken);
        if (keys is not null && MayMakeFirstKey(status, keys))
        {
            keys = await MakeFirstKeyAsync(cancellationToken);
            status = await ConfigureAsync(keys, "", cancellationToken);
        }
        return Judge(status, keys);
    }

    private Task<EnclaveStatus> ConfigureAsync(SealedKeys? keys, string rowsError, CancellationToken cancellationToken)
    {
        var configure = new UntrustedConfigure { EnclaveId = id, Credentials = credentials.Current, RowsError = rowsError };
        _handedRows = keys?.Rows ?? [];
        configure.Rows.AddRange(_handedRows);
        return calls.ConfigureAsync(configure, cancellationToken);
    }

    // A key that is missing is never made anew: only an enclave this database never knew a key of gets one, and only in development.
    private bool MayMakeFirstKey(EnclaveStatus status, SealedKeys keys) =>
        !settings.Production && status is { State: EnclaveStatus.Types.State.Locked, Reason: ErrorCodes.SealedKeyMissing, Mode: "development" }
        && keys is { Rows.IsEmpty: true, EverHadOne: false };

    private async Task<SealedKeys> MakeFirstKeyAsync(CancellationToken cancellationToken)
    {
        var row = await calls.GenesisAsync(new UntrustedGenesis { EnclaveId = id, KeyEpoch = FirstEpoch }, cancellationToken);
        NewRows.RequireOf(row, id, FirstEpoch);
        // On disk before the enclave hears of it again: it announces and uses the key only then. Where another gateway was first, its row counts.
        var isFirst = await store.AddFirstAsync(row);
        return await store.ReadAsync(id) is { Rows.IsEmpty: false } keys && (isFirst || keys.Rows[^1].KeyEpoch == FirstEpoch)
            ? keys
            : throw new KeyMeldException(ErrorCodes.SealedKeyExists, "The database has a key of this enclave already; the new one was thrown away.");
    }

    private EnclaveView Judge(EnclaveStatus status, SealedKeys? keys)
    {
        if (status.State != EnclaveStatus.Types.State.Ready)
        {
            _configuredBoot = null;
            return status.State == EnclaveStatus.Types.State.Locked
                ? new EnclaveView(id, new EnclaveCondition.Locked(Known(status.Reason), status.Detail, status.AwsCode.Length == 0 ? null : status.AwsCode), status)
                : Locked(status, ErrorCodes.EnclaveLocked, "It did not take its configuration.");
        }
        var held = keys?.Rows.Select(row => row.PublicKey).ToHashSet() ?? [];
        if (!held.SetEquals(status.Keys.Select(key => key.Key)))
        {
            return Locked(status, keys is { Rows.IsEmpty: true } ? ErrorCodes.SealedKeyMissing : ErrorCodes.SealedKeyCorrupt,
                "The enclave runs with keys that are not those of this database and would be lost with its next restart: restore the database.");
        }
        _configuredBoot = status.Boot;
        return new EnclaveView(id, new EnclaveCondition.Ready(), status);
    }

    private EnclaveView Locked(EnclaveStatus status, string code, string detail) => new(id, new EnclaveCondition.Locked(code, detail, null), status);

    private static string Known(string code) => ErrorCodes.IsKnown(code) ? code : ErrorCodes.EnclaveLocked;
}
