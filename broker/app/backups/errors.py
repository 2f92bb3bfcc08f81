from broker.errors import BrokerError


class BackupFailed(BrokerError):
    title = "No backup was made"


class RestoreRefused(BrokerError):
    title = "Nothing was restored"
