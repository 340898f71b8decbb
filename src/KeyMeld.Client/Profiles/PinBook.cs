using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>
/// Pins (KMS key ARN, enclave) → newest epoch and key (protocol.md section 3). A verified enclave that shows a lower epoch, or another key at a pinned epoch, is
/// <c>enclave_changed</c> until it is accepted explicitly.
/// </summary>
internal sealed class PinBook(string folder)
{
    private string Path => System.IO.Path.Combine(folder, ProfileLayout.Pins);

    public IReadOnlyList<EnclavePin> Read() =>
        [.. ReadRecords().Select(pin => new EnclavePin(pin.KmsKeyArn, pin.Enclave, pin.Epoch, pin.Key))];

    /// <summary>Whether this enclave was ever verified by this profile.</summary>
    public bool Knows(string kmsKeyArn, int number) => ReadRecords().Any(pin => pin.KmsKeyArn == kmsKeyArn && pin.Enclave == number);

    /// <summary>Compares with the pin and moves it forward. To be called with a verified enclave only.</summary>
    public void Check(VerifiedEnclave enclave)
    {
        // Mostly nothing is new, and then nothing is locked or written.
        if (IsNews(Find(ReadRecords(), enclave), enclave))
        {
            using var held = ProfileLock.Acquire(folder);
            var pins = ReadRecords();
            if (IsNews(Find(pins, enclave), enclave))
            {
                Write(pins, enclave);
            }
        }
    }

    /// <summary>Replaces the pin, whatever it was.</summary>
    public void Accept(VerifiedEnclave enclave)
    {
        using var held = ProfileLock.Acquire(folder);
        Write(ReadRecords(), enclave);
    }

    private static bool IsNews(PinRecord? pin, VerifiedEnclave enclave)
    {
        if (pin is null)
        {
            return true;
        }
        if (enclave.Newest.Epoch < pin.Epoch)
        {
            throw Changed(pin, enclave, $"its newest key epoch is {enclave.Newest.Epoch}, and epoch {pin.Epoch} was seen before");
        }
        if (enclave.Epochs.FirstOrDefault(epoch => epoch.Epoch == pin.Epoch) is { } same && same.Key != pin.Key)
        {
            throw Changed(pin, enclave, $"its key of epoch {pin.Epoch} is {same.Key}, and {pin.Key} was seen before");
        }
        return enclave.Newest.Epoch > pin.Epoch;
    }

    private static KeyMeldException Changed(PinRecord pin, VerifiedEnclave enclave, string how) =>
        new(ErrorCodes.EnclaveChanged, $"Enclave {pin.Enclave} under {pin.KmsKeyArn} changed: {how}. Its newest key now is {enclave.Newest.Key}, epoch {enclave.Newest.Epoch}.");

    private static PinRecord? Find(IEnumerable<PinRecord> pins, VerifiedEnclave enclave) =>
        pins.FirstOrDefault(pin => pin.KmsKeyArn == enclave.KmsKeyArn && pin.Enclave == enclave.Number);

    private IReadOnlyList<PinRecord> ReadRecords() => JsonFile.Find(Path, ProfileJson.Default.PinsRecord)?.Pins ?? [];

    private void Write(IReadOnlyList<PinRecord> pins, VerifiedEnclave enclave)
    {
        var fresh = new PinRecord(enclave.KmsKeyArn, enclave.Number, enclave.Newest.Epoch, enclave.Newest.Key);
        JsonFile.Write(
            Path,
            new PinsRecord { Version = ProfileLayout.Version, Pins = [.. pins.Where(pin => pin != Find(pins, enclave)), fresh] },
            ProfileJson.Default.PinsRecord);
    }
}
